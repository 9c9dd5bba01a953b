"""The platform's own addresses, and a few more to test the patterns with: a list of sample cases, a form, a fault."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from fourfold.platform.people.models import User
from fourfold.platform.ui import lists
from fourfold.platform.ui.components import Action, Cell, Empty, Link, Tag
from fourfold.platform.ui.pages import Foot, FormPage
from tests.platform.sample import Case

handler400 = "fourfold.platform.ui.errors.bad_request"
handler403 = handler404 = "fourfold.platform.ui.errors.not_found"
handler500 = "fourfold.platform.ui.errors.server_error"


def cells(case: Case) -> tuple[Cell, ...]:
    return (
        Cell(case.title, href=f"/sample-cases/{case.pk}/"),
        Cell(case.size),
        Cell(case.detail.get("colour")),
        Cell(None, tag=Tag("Large" if case.size >= 10 else "Small", "blue")),
    )


SPEC = lists.ListSpec(
    name="sample.case list",
    title="Sample cases",
    noun=("case", "cases"),
    columns=(
        lists.Column("title", "Title", sort=("title",)),
        lists.Column("size", "Size", sort=("size",), numeric=True),
        lists.Column("colour", "Colour"),
        lists.Column("class", "Class"),
    ),
    row=cells,
    order="-size",
    filters=(
        lists.TextFilter("q", "Words", fields=("title",), hint="Part of the title"),
        lists.ChoiceFilter("colour", "Colour", field="detail__colour"),
        lists.ChoiceFilter(
            "class",
            "Class",
            choices=(("large", "Large"), ("small", "Small")),
            where=lambda value: lists.Q(size__gte=10) if value == "large" else lists.Q(size__lt=10),
        ),
        lists.DateFilter("recorded", "Recorded", field="recorded_from", moments=True),
    ),
    empty=Empty("No cases yet", "Cases will be here once one is made.", Link("Make a case", "/sample-cases/new/")),
)


PEOPLE = lists.ListSpec(
    name="people.user list",
    title="People",
    noun=("person", "people"),
    columns=(lists.Column("name", "Name", sort=("name",)),),
    row=lambda user: (Cell(user.name, href=f"/sample-people/{user.pk}/"),),
    order="name",
    filters=(lists.ChoiceFilter("role", "Role", field="roles_held__role", many_rows=True),),
    empty=Empty("No people yet", "People will be here once an administrator adds some."),
    rewinds=False,
    exports=False,
    page_size=1000,
)


def people_list(request: HttpRequest) -> HttpResponse:
    return lists.show_list(request, User.objects.exclude(email__startswith="service"), PEOPLE)


def sample_list(request: HttpRequest) -> HttpResponse:
    return lists.show_list(
        request,
        Case.objects.all(),
        SPEC,
        crumbs=(Link("My work", "/"),),
        actions=(Action("Make a case", "/sample-cases/new/", kind="primary"),),
        foot=Foot(changed="Last changed today.", seen_by="Every force in the region."),
        lead="Cases that tests have made.",
    )


class NewCase(forms.Form):
    title = forms.CharField(label="Title", max_length=20)


def new_case(request: HttpRequest) -> HttpResponse:
    form = NewCase(request.POST or None)
    if form.is_bound and form.is_valid():
        messages.success(request, "The case was saved.")
    page = FormPage(title="Make a case", form=form, back=Link("Back to the list", "/sample-cases/"))
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


def fault(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [
    path("", include("fourfold.platform.people.urls")),
    path("", include("fourfold.platform.audit.urls")),
    path("", include("fourfold.platform.ui.urls")),
    path("", new_case, name="home"),
    path("sample-cases/", sample_list, name="sample_list"),
    path("sample-people/", people_list, name="people_list"),
    path("sample-cases/new/", new_case, name="new_case"),
    path("sample-ledger/", new_case, name="sample_ledger"),
    path("sample-fault/", fault, name="sample_fault"),
]
