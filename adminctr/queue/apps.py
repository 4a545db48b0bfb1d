from django.apps import AppConfig


class QueueConfig(AppConfig):
    name = "adminctr.queue"
    label = "queue"
