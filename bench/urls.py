"""Everything that the product serves, and the baselines beside it."""

from django.urls import path

from adminctr.urls import handler400, handler403, handler404, handler500
from adminctr.urls import urlpatterns as of_the_product
from bench import changelist, hello

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("bench/hello/", hello.hello),
    path("bench/hello-auth/", hello.hello_auth),
    path("bench/admin/", changelist.site.urls),
    *of_the_product,
]
