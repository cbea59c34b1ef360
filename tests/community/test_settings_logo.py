"""The logo: drawn anew from whatever was uploaded, and served so that it can be kept."""

from io import BytesIO
from struct import pack
from zlib import compress, crc32

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image, PngImagePlugin

from community.models import LocationLogo
from tests.community.settings_pages import address, audited, error_at, words


def picture(format_="PNG", size=(64, 32), **options):
    drawn = BytesIO()
    Image.new("RGB", size, "teal").save(drawn, format_, **options)
    return drawn.getvalue()


def bomb(side=30_000):
    """A few hundred bytes that say they are a gigapixel."""

    def chunk(kind, content):
        return pack(">I", len(content)) + kind + content + pack(">I", crc32(kind + content))

    header = pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", compress(b"\x00" * 100))
        + chunk(b"IEND", b"")
    )


def upload(browser, location, content, name="logo.png"):
    file = SimpleUploadedFile(name, content, content_type="image/png")
    return browser.post(address(location, "change_logo"), {"image": file}, follow=True)


def image_of(logo):
    return Image.open(BytesIO(bytes(logo.png)))


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_an_image_becomes_a_square_png_and_stands_in_the_topbar(
    location, admin, signed_in, format_
):
    browser = signed_in(admin)

    response = upload(browser, location, picture(format_, (1200, 600)))

    logo = LocationLogo.objects.get(location=location)
    assert image_of(logo).format == "PNG"
    assert image_of(logo).size == (256, 256)
    assert f'src="/logos/{location.slug}/{logo.digest}.png"' in words(response)
    assert 'data-initials="HL"' not in words(response)
    assert audited() == [("logo changed", {"logo": ""}, {"logo": logo.digest})]


def test_a_small_image_is_not_blown_up(location, admin, signed_in):
    upload(signed_in(admin), location, picture(size=(40, 20)))

    assert image_of(LocationLogo.objects.get()).size == (40, 40)


def test_what_an_image_says_beside_its_picture_is_dropped(location, admin, signed_in):
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "<script>alert(1)</script>")

    upload(signed_in(admin), location, picture(pnginfo=info))

    assert b"script" not in bytes(LocationLogo.objects.get().png)


def test_the_first_picture_of_an_animation_counts(location, admin, signed_in):
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    moving = BytesIO()
    frames[0].save(moving, "WEBP", save_all=True, append_images=frames[1:], lossless=True)

    upload(signed_in(admin), location, moving.getvalue())

    assert image_of(LocationLogo.objects.get()).getpixel((16, 16)) == (255, 0, 0, 255)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "This file is empty."),
        (SVG, "This is no PNG, JPEG or WebP image"),
        (b"<html><script>alert(1)</script>", "This is no PNG, JPEG or WebP image"),
        (picture("GIF"), "This is no PNG, JPEG or WebP image"),
        (picture("BMP"), "This is no PNG, JPEG or WebP image"),
        (picture()[:60], "This is no PNG, JPEG or WebP image"),
        (picture("JPEG")[:200], "This is no PNG, JPEG or WebP image"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "This is no PNG, JPEG or WebP image"),
        (picture() + b"\x00" * 1024 * 1024, "This file is larger than 1 MB."),
        (picture(size=(5000, 10)), "at most 4096 pixels on each side"),
        (bomb(), "at most 4096 pixels on each side"),
        (bomb(9000), "at most 4096 pixels on each side"),
    ],
    ids=[
        "empty",
        "svg",
        "html",
        "gif",
        "bmp",
        "png cut off",
        "jpeg cut off",
        "only a signature",
        "large",
        "long",
        "bomb",
        "smaller bomb",
    ],
)
def test_what_is_no_logo_is_refused_at_its_field(location, admin, signed_in, content, message):
    response = upload(signed_in(admin), location, content)

    assert message in error_at(response, "image")
    assert not LocationLogo.objects.exists()
    assert audited() == []


def test_no_file_is_no_logo(location, admin, signed_in):
    response = signed_in(admin).post(address(location, "change_logo"), {"image": "text"})

    assert "Choose a file first." in error_at(response, "image")


def test_the_same_logo_again_writes_nothing(location, admin, signed_in):
    browser = signed_in(admin)
    upload(browser, location, picture())

    upload(browser, location, picture())

    assert len(audited()) == 1


def test_a_removed_logo_leaves_the_initials(location, admin, signed_in):
    browser = signed_in(admin)
    upload(browser, location, picture())

    for _again in range(2):
        response = browser.post(address(location, "remove_logo"), follow=True)

    assert 'data-initials="HL"' in words(response)
    assert [action for action, _before, _after in audited()] == ["logo changed", "logo removed"]


def test_anybody_may_keep_a_logo_for_ever(location, admin, signed_in):
    upload(signed_in(admin), location, picture())
    digest = LocationLogo.objects.get().digest
    at = reverse("logo", args=[location.slug, digest])

    response = Client().get(at)
    again = Client().get(at, headers={"if-none-match": response.headers["ETag"]})

    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in response.headers["Cache-Control"]
    assert response.headers["ETag"] == f'"{digest}"'
    assert (again.status_code, again.content) == (304, b"")


def test_a_logo_that_is_no_longer_one_is_not_found(location, admin, signed_in):
    browser = signed_in(admin)
    upload(browser, location, picture())
    digest = LocationLogo.objects.get().digest
    upload(browser, location, picture(size=(20, 20)))

    assert Client().get(reverse("logo", args=[location.slug, digest])).status_code == 404
    assert Client().get(reverse("logo", args=["elsewhere", digest])).status_code == 404


def test_staff_change_no_logo(location, staff, mia, signed_in):
    for user in (staff, mia.user):
        browser = signed_in(user)
        assert upload(browser, location, picture()).status_code == 403
        assert browser.post(address(location, "remove_logo")).status_code == 403

    assert not LocationLogo.objects.exists()
