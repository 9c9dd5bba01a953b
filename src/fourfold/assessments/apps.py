from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    name = "fourfold.assessments"
    label = "assessments"
    verbose_name = "Assessments"
