"""What every request must pass: this machine's own address, the key, no other site's page."""

import hmac
from http import HTTPStatus

from tornado.web import HTTPError, RequestHandler

from classroom.pages import render

# Pages load what is served beside them, and nothing else.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Documents that are whole in one file, with their style and pictures, and run nothing.
DOCUMENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; sandbox"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
WORDS = {
    400: "The request lacks something. Reload the page and try again.",
    401: "Open the address that `course serve` printed: it holds the key.",
    403: "This page answers only to itself and to the address that `course serve` printed.",
    404: "There is no such page.",
    405: "There is no such page.",
}


class Guarded(RequestHandler):
    """A page that is served to who has the key, under this machine's own names only.

    The key comes in the address once; after that a signed cookie that no other site's page gets
    sent stands for it. Of the application's settings it uses `hosts`, the values that the header
    `Host` may have; `key`; and `session`, the cookie's name.
    """

    def set_default_headers(self):
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self):
        if self.request.host.lower() not in self.settings["hosts"] or is_foreign(self.request):
            raise HTTPError(403)
        if (key := self.get_query_argument("key", None)) is not None:
            self._let_in(key)
        elif not self.get_signed_cookie(self.settings["session"]):
            raise HTTPError(401)

    def _let_in(self, key):
        """Turns the key into a cookie, and leads to the address without it."""
        if not hmac.compare_digest(key.encode(), self.settings["key"].encode()):
            raise HTTPError(401)
        options = {"expires_days": None, "httponly": True, "samesite": "Strict"}
        self.set_signed_cookie(self.settings["session"], "opened", **options)
        self.redirect("/" + self.request.path.lstrip("/"), status=303)

    def show(self, template, **values):
        """Answers with a page from a template in `templates/serve/`."""
        self.finish(render(f"serve/{template}", xsrf_field=self.xsrf_form_html(), **values))

    def refuse(self, status, words):
        """Answers that something cannot be done, as JSON to a script and as a page to others."""
        self.set_status(status)
        if self.request.headers.get("Accept") == "application/json":
            self.finish({"error": words})
        else:
            title = HTTPStatus(status).phrase
            self.finish(render("serve/message.html", title=title, words=words))

    def write_error(self, status_code, **kwargs):
        words = WORDS.get(status_code, "It could not be done: see labs/grading.log.")
        self.refuse(status_code, words)


class Missing(Guarded):
    """Any address that there is not."""

    def prepare(self):
        super().prepare()
        if not self._finished:
            raise HTTPError(404)


def is_foreign(request):
    """Whether another site's page made the browser send a request.

    A link from elsewhere may lead here: it brings no cookie, so it needs the key. A browser says
    where a request comes from; other programs may leave it out, and need the key all the same.

    Args:
        request: A request of tornado's.

    Returns:
        A bool.
    """
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "none")
    follows_link = request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"
    if origin is not None and origin != f"http://{request.host}":
        return True
    return site not in ("none", "same-origin") and not follows_link
