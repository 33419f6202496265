"""The fixtures of the browser suite work together: server, database of the test, both screens."""

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page

from rig import worker


@pytest.mark.browser
def test_both_screens_reach_the_site_on_the_database_of_the_test(
    live_site: worker.Site, chromium_page: Page, phone_page: Page
) -> None:
    get_user_model().objects.create_user("ana", password="correct horse battery")
    for page in (chromium_page, phone_page):
        page.goto("/login/")
        assert page.url == f"{live_site.url}/login/"
        page.get_by_label("Username").or_(page.get_by_label("Login")).first.fill("ana")
        page.locator("input[type=password]").fill("correct horse battery")
        page.locator("input[type=password]").press("Enter")
        page.wait_for_url(lambda url: "/login/" not in url)
        assert page.url == f"{live_site.url}/"


@pytest.mark.service
def test_worker_takes_a_job_from_this_process(celery_worker: worker.Process) -> None:
    """Rung here, done there, on the same database."""
    assert celery_worker.is_alive
    assert "inbox.process_delivery" in celery_worker.output()
