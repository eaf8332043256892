from __future__ import annotations

import gzip
import io
import os
import tarfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from snapshelf.catalogue import PhotoLimits, PhotoSource, open_photos
from snapshelf.errors import PhotoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PHOTOS = {
    "images/1.jpg": b"one",
    "images/2.PNG": b"two",
    "3.webp": b"three",
    "images/a b,c.jpg": b"spaces",
    "红.jpeg": b"red",
    "images/notes.txt": b"text",
}


def make_folder(root: Path, photos: Mapping[str, bytes] = _PHOTOS) -> Path:
    for name, data in photos.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def make_tar(path: Path, photos: Mapping[str, bytes] = _PHOTOS, prefix: str = "") -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name, data in photos.items():
            member = tarfile.TarInfo(prefix + name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture(params=["folder", "tar", "tar.gz", "tar with ./"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PhotoSource]:
    path = {
        "folder": lambda: make_folder(tmp_path / "photos"),
        "tar": lambda: make_tar(tmp_path / "photos.tar"),
        "tar.gz": lambda: make_tar(tmp_path / "photos.tar.gz"),
        "tar with ./": lambda: make_tar(tmp_path / "photos.tar", prefix="./"),
    }[request.param]()
    with open_photos(path) as photos:
        yield photos


class TestEverySource:
    def test_reads_every_photo(self, source: PhotoSource) -> None:
        assert {name: source.read(name) for name in _PHOTOS} == _PHOTOS
        assert source.read("./images/1.jpg") == b"one"

    def test_many_threads_read_at_once(self, source: PhotoSource) -> None:
        names = list(_PHOTOS) * 200
        with ThreadPoolExecutor(8) as executor:
            assert list(executor.map(source.read, names)) == [_PHOTOS[name] for name in names]

    @pytest.mark.parametrize(
        ("reference", "hint"),
        [
            ("images/1.png", "did you mean 'images/1.jpg'?"),
            ("1.jpg", "did you mean 'images/1.jpg'?"),
            ("images/2.png", "did you mean 'images/2.PNG'?"),
            ("images/9.jpg", ""),
            ("images/1.jpg/1.jpg", "did you mean 'images/1.jpg'?"),
        ],
    )
    def test_a_missing_photo_is_named_with_what_may_be_meant(
        self, source: PhotoSource, reference: str, hint: str
    ) -> None:
        with pytest.raises(PhotoError) as caught:
            source.read(reference)
        assert f"photo {reference!r} is not in " in str(caught.value)
        assert str(caught.value).endswith(hint)
        assert hint or "did you mean" not in str(caught.value)

    @pytest.mark.parametrize(
        "reference", ["", ".", "images", "../photos/3.webp", "/etc/passwd", "a\0b", "x" * 5_000]
    )
    def test_what_is_no_photo_is_refused(self, source: PhotoSource, reference: str) -> None:
        with pytest.raises(PhotoError):
            source.read(reference)

    def test_finds_photos_by_id(self, source: PhotoSource) -> None:
        assert source.find_by_id("1") == ("images/1.jpg",)
        assert source.find_by_id("2") == ("images/2.PNG",)
        assert source.find_by_id("3") == ("3.webp",)
        assert source.find_by_id("红") == ("红.jpeg",)
        for unknown in ("4", "notes", "images/1", "../photos/3", ""):
            assert source.find_by_id(unknown) == ()

    def test_addresses_need_permission(self, source: PhotoSource) -> None:
        with pytest.raises(PhotoError, match="pass --allow-http"):
            source.read("https://shop.test/1.jpg")


def test_the_photo_nearest_to_the_top_goes_by_the_id(tmp_path: Path) -> None:
    photos = {"small/A.1.jpg": b"", "A.1.png": b"", "A.1.jpeg": b"", "a.1.jpg": b""}
    assert open_photos(make_folder(tmp_path / "photos", photos)).find_by_id("A.1") == ("A.1.jpeg",)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    limits = PhotoLimits(bytes=4)
    for path in (make_folder(tmp_path / "photos"), make_tar(tmp_path / "photos.tar")):
        with open_photos(path, limits=limits) as photos:
            assert photos.read("images/1.jpg") == b"one"
            with pytest.raises(PhotoError, match=r"photo '3\.webp' is larger than"):
                photos.read("3.webp")


class TestFolder:
    def test_nothing_outside_can_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "secret.jpg").write_bytes(b"secret")
        root = make_folder(tmp_path / "photos")
        (root / "link.jpg").symlink_to(tmp_path / "secret.jpg")
        (root / "up").symlink_to(tmp_path)
        (root / "inner.jpg").symlink_to(root / "3.webp")
        photos = open_photos(root)
        for reference in ("../secret.jpg", str(tmp_path / "secret.jpg"), "images/../../secret.jpg"):
            with pytest.raises(PhotoError, match="leads out of its folder; give a path within it"):
                photos.read(reference)
        for reference in ("link.jpg", "up/secret.jpg"):
            with pytest.raises(PhotoError, match="is a link that leads out"):
                photos.read(reference)
        assert photos.read("inner.jpg") == b"three"

    def test_the_folder_itself_may_be_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(make_folder(tmp_path / "photos"))
        assert open_photos(tmp_path / "link").read("3.webp") == b"three"

    def test_links_in_a_circle_are_refused(self, tmp_path: Path) -> None:
        root = make_folder(tmp_path / "photos")
        (root / "a.jpg").symlink_to("b.jpg")
        (root / "b.jpg").symlink_to("a.jpg")
        (root / "self").symlink_to("self")
        photos = open_photos(root)
        for reference in ("a.jpg", "b.jpg", "self/1.jpg"):
            with pytest.raises(PhotoError, match="cannot be followed"):
                photos.read(reference)
        assert photos.read("3.webp") == b"three"

    @pytest.mark.parametrize(
        "reference", [r"..\secret.jpg", r"\secret.jpg", r"C:\secret.jpg", r"a\..\..\x", ""]
    )
    def test_windows_separators_lead_out_too(self, tmp_path: Path, reference: str) -> None:
        with pytest.raises(PhotoError, match=r"leads out|not a file's name"):
            open_photos(make_folder(tmp_path / "photos")).read(reference)

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.jpg")
        with pytest.raises(PhotoError, match="is not a file"):
            open_photos(tmp_path).read("pipe.jpg")


class TestTar:
    def test_a_later_member_replaces_an_earlier_one_and_links_are_followed(self, tmp_path: Path) -> None:
        path = make_tar(tmp_path / "photos.tar", {"1.jpg": b"old"})
        with tarfile.open(path, "a") as archive:
            for name, data in (("1.jpg", b"new"), ("hard.jpg", None), ("soft.jpg", None)):
                member = tarfile.TarInfo(name)
                if data is None:
                    member.type = tarfile.LNKTYPE if name == "hard.jpg" else tarfile.SYMTYPE
                    member.linkname = "1.jpg"
                else:
                    member.size = len(data)
                archive.addfile(member, io.BytesIO(data or b""))
        with open_photos(path) as photos:
            assert photos.read("1.jpg") == b"new"
            assert photos.read("hard.jpg") == b"new"
            with pytest.raises(PhotoError, match="is not in"):
                photos.read("soft.jpg")

    @pytest.mark.parametrize("name", ["photos.tar", "photos.tar.gz"])
    def test_a_damaged_one_is_refused(self, tmp_path: Path, name: str) -> None:
        path = make_tar(tmp_path / name, {f"{number}.jpg": os.urandom(2_000) for number in range(20)})
        path.write_bytes(path.read_bytes()[:20_000])
        with pytest.raises(PhotoError) as caught:
            open_photos(path)
        assert str(path) in str(caught.value)

    def test_what_is_neither_folder_nor_tar_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "photos.zip"
        path.write_bytes(b"PK\x03\x04" * 300)
        with pytest.raises(
            PhotoError, match=r"neither a folder nor a whole tar file.*give a folder, \.tar or \.tar\.gz"
        ):
            open_photos(path)
        path.write_bytes(gzip.compress(b"no tar" * 300))
        with pytest.raises(PhotoError, match="neither a folder nor a whole tar file"):
            open_photos(path)
        with pytest.raises(PhotoError, match="No such file"):
            open_photos(tmp_path / "nowhere")


def test_without_a_source_says_what_to_pass() -> None:
    with open_photos(None) as photos, pytest.raises(PhotoError, match=r"photo '1\.jpg'.*pass --photos"):
        photos.read("1.jpg")
    assert open_photos(None).find_by_id("1") == ()


def test_the_given_tar_is_read(shared: Path) -> None:
    with open_photos(shared / "data/grocery/catalogue.tar") as photos:
        assert photos.read("images/0.jpg").startswith(b"\xff\xd8\xff")
        assert photos.find_by_id("80") == ("images/80.jpg",)
