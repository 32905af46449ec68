"""The server of `course serve`: on this machine only, with a key of its own."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from classroom.serve.guard import Missing
from classroom.serve.views import VIEWS

LOOPBACK = "127.0.0.1"
LARGEST_REQUEST = 1_000_000


async def serve(course, port, ready):
    """Serves a course until it is cancelled.

    Args:
        course: A `Course`.
        port: The port; a free one if 0.
        ready: Function called with the address, which holds the key, once it is served.

    Raises:
        ValueError: if the port is taken.
    """
    try:
        sockets = bind_sockets(port, LOOPBACK)
    except OSError as error:
        raise ValueError(
            f"Port {port} of {LOOPBACK} cannot be used: {error.strerror}. Choose another one with "
            "--port, or leave it out."
        ) from error
    port, key = sockets[0].getsockname()[1], secrets.token_urlsafe(32)
    with ThreadPoolExecutor(1) as worker:
        server = HTTPServer(
            make_application(course, port, key, worker), max_body_size=LARGEST_REQUEST
        )
        server.add_sockets(sockets)
        try:
            ready(f"http://{LOOPBACK}:{port}/?key={key}")
            await asyncio.Event().wait()
        finally:
            server.stop()


def make_application(course, port, key, worker):
    """Makes tornado's application.

    Args:
        course: A `Course`.
        port: The port that it is served at.
        key: What opens it.
        worker: Executor for what takes long.

    Returns:
        An `Application`. Browsers share cookies between the ports of a machine, so that those of
        two courses have names of their own.
    """
    return Application(
        VIEWS,
        course=course,
        worker=worker,
        key=key,
        hosts={f"{LOOPBACK}:{port}", f"localhost:{port}"},
        session=f"course-{port}",
        cookie_secret=secrets.token_bytes(32),
        xsrf_cookies=True,
        xsrf_cookie_name=f"course-xsrf-{port}",
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Strict"},
        default_handler_class=Missing,
        # Addresses are not logged: the first one holds the key.
        log_function=lambda handler: None,
    )
