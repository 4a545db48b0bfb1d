from django.urls import path

from invitations import views

app_name = "invitations"
urlpatterns = [
    path("invitations/<link_token:token>/", views.show, name="show"),
    path("invitations/<link_token:token>/decline/", views.decline, name="decline"),
]
