from django.urls import path

from analytics.views import lines, revenue

app_name = "analytics"
urlpatterns = [
    path("", revenue.revenue, name="revenue"),
    path("revenue.<str:form>", revenue.revenue_file, name="revenue_file"),
    path("<str:month>/", lines.lines, name="lines"),
    path("<str:month>/lines.<str:form>", lines.lines_file, name="lines_file"),
]
