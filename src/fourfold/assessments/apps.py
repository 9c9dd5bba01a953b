from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    name = "fourfold.assessments"
    label = "assessments"
    verbose_name = "Assessments"

    def ready(self) -> None:
        from fourfold.assessments import selectors, services  # noqa: PLC0415  models are loaded only now
        from fourfold.platform.audit.references import Referring, register  # noqa: PLC0415  models are loaded only now
        from fourfold.threats import rooms  # noqa: PLC0415  models are loaded only now

        register(Referring("assessments.assessment", selectors.entries_about, selectors.called))
        rooms.register_relabel("assessments", services.relabel)
