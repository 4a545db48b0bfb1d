from django.urls import path
from django.views.generic import RedirectView

from console import views

app_name = "console"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="console:home"), name="root"),
    path("console/", views.HomePage.as_view(), name="home"),
]
