from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    name = "fourfold.assessments"
    label = "assessments"
    verbose_name = "Assessments"

    def ready(self) -> None:
        from fourfold.assessments import selectors, services, work  # noqa: PLC0415  models are loaded only now
        from fourfold.platform.audit.references import Referring, register  # noqa: PLC0415  models are loaded only now
        from fourfold.platform.ui import my_work  # noqa: PLC0415  models are loaded only now
        from fourfold.threats import rooms  # noqa: PLC0415  models are loaded only now

        register(Referring("assessments.assessment", selectors.entries_about, selectors.called))
        my_work.register("assessments", work.work_of)
        rooms.register_relabel("assessments", services.relabel)
        rooms.register_tab(rooms.ThreatTab("assessment", "Assessment", "assessments:threat", position=40))
        rooms.register_open_work("assessments", work.open_work)
        for exception in work.EXCEPTIONS:
            rooms.register_exception(exception)
