"""The smallest run there can be: it counts to ten and writes down each number."""

from django.db import models

from adminctr.core.runs import Run
from adminctr.core.tenancy import TenantModel


class CountingRun(Run):
    pass


class Number(TenantModel):
    run = models.ForeignKey(CountingRun, models.PROTECT)
    value = models.IntegerField()
