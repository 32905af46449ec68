"""The pages: what waits in each lab, reports, feedback, and written answers to be graded."""

import asyncio
from functools import cached_property
from pathlib import Path

from markupsafe import Markup
from tornado.web import HTTPError

from classroom import pages
from classroom.reports.class_report import make_report
from classroom.reports.student_feedback import make_page, read_feedback
from classroom.results.class_results import read_results
from classroom.serve import written
from classroom.serve.guard import DOCUMENT_POLICY, Guarded

ASSETS = Path(pages.__file__).with_name("templates") / "serve"
KINDS = {"pages.css": "text/css", "queue.js": "text/javascript"}


class View(Guarded):
    """A page about the course, which is in the application's settings."""

    @cached_property
    def course(self):
        return self.settings["course"]

    async def work(self, function, *arguments):
        """Does what takes long beside what else is asked; one thing at a time."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.settings["worker"], function, *arguments)

    def find_labs(self):
        """Names of the labs that the gradebook knows."""
        with self.course.gradebook("*") as gradebook:
            return sorted(assignment.name for assignment in gradebook.assignments)

    def need_lab(self, lab):
        """Refuses a lab that the gradebook does not know."""
        if lab not in self.find_labs():
            raise HTTPError(404)

    def need_question(self, lab, notebook, cell):
        """Returns the `Question`; refuses one that there is not."""
        self.need_lab(lab)
        for question in written.find_questions(self.course, lab):
            if (question.notebook, question.cell) == (notebook, cell):
                return question
        raise HTTPError(404)

    def show_document(self, document):
        """Answers with a page that is whole in one file."""
        self.set_header("Content-Security-Policy", DOCUMENT_POLICY)
        self.finish(document)


class Start(View):
    """All labs, and what waits in them."""

    def get(self):
        labs = {lab: written.find_questions(self.course, lab) for lab in self.find_labs()}
        self.show("start.html", labs=labs)


class Report(View):
    """The report on a class, made when it is asked for."""

    async def get(self, lab):
        self.need_lab(lab)
        try:
            self.show_document(await self.work(make_report, self.course, lab))
        except ValueError as error:  # nothing was graded yet
            self.refuse(404, str(error))


class Students(View):
    """The students of a lab, with links to what each of them is told."""

    async def get(self, lab):
        self.need_lab(lab)
        try:
            results = await self.work(read_results, self.course, lab)
        except ValueError as error:  # nothing was graded yet
            self.refuse(404, str(error))
        else:
            self.show("students.html", lab=lab, results=results)


class Feedback(View):
    """What a student is told, as `course feedback` would write it now."""

    async def get(self, lab, student):
        self.need_lab(lab)
        for feedback in await self.work(read_feedback, self.course, lab):
            if feedback.student == student:
                return self.show_document(make_page(lab, feedback))
        raise HTTPError(404)


class Written(View):
    """All answers to a question, one below the other, and their grades."""

    async def get(self, lab, notebook, cell):
        question = self.need_question(lab, notebook, cell)
        rubric = written.read_rubric(self.course, lab, question)
        answers = await self.work(written.read_answers, self.course, lab, question)
        self.show(
            "queue.html", lab=lab, question=question, rubric=rubric, answers=answers, safe=Markup
        )

    def post(self, lab, notebook, cell):
        question = self.need_question(lab, notebook, cell)
        student = self.get_body_argument("student")
        try:
            waits = written.save_grade(
                self.course,
                lab,
                question,
                student,
                points=self.get_body_argument("points", ""),
                comment=self.get_body_argument("comment", ""),
                checksum=self.get_body_argument("checksum"),
            )
        except written.AnswerChanged as error:
            return self.refuse(409, str(error))
        except ValueError as error:
            return self.refuse(400, str(error))
        if self.request.headers.get("Accept") != "application/json":
            return self.redirect(self.request.path, status=303)
        question = self.need_question(lab, notebook, cell)
        self.finish({"waits": waits, "waiting": question.waiting})


class Asset(Guarded):
    """The style and the script of the pages."""

    def get(self, name):
        self.set_header("Content-Type", KINDS[name])
        self.finish((ASSETS / name).read_bytes())


LAB = r"/labs/([^/]+)"
VIEWS = [
    (r"/", Start),
    (LAB + "/report", Report),
    (LAB + "/feedback", Students),
    (LAB + "/feedback/([^/]+)", Feedback),
    (LAB + "/written/([^/]+)/([^/]+)", Written),
    (f"/assets/({'|'.join(KINDS)})", Asset),
]
