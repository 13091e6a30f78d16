"""Archives: a scenario comes out as it went in; what was made to do harm is refused and writes nothing outside."""

import errno
import gzip
import io
import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ncr.errors import ScenarioInvalid
from ncr.scenario import loader
from ncr.scenario.archive import unpack
from ncr.scenario.digest import digest
from ncr.scenario.files import LARGEST_BYTES, MOST_ENTRIES

LITEN = Path(__file__).parents[2] / "scenarios" / "liten"
Pack = Callable[[Path, Path], None]


def as_zip(folder: Path, archive: Path) -> None:
    shutil.make_archive(str(archive.with_suffix("")), "zip", folder.parent, folder.name)


def as_tar(folder: Path, archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, folder.name)


PACKS = [pytest.param(as_zip, id="zip"), pytest.param(as_tar, id="tar.gz")]


def zip_of(path: Path, *entries: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def tar_of(path: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as archive:
        for info, content in entries:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def refusal(archive: Path, folder: Path) -> str:
    """What it is refused with; nothing may have come into being beside `folder`/into."""
    into = folder / "inside" / "into"
    into.mkdir(parents=True)
    before = sorted(folder.rglob("*"))
    with pytest.raises(ScenarioInvalid) as caught:
        unpack(archive, into)
    assert [path for path in sorted(folder.rglob("*")) if into not in path.parents and path not in before] == []
    return str(caught.value)


@pytest.mark.parametrize("pack", PACKS)
def test_it_comes_out_as_it_went_in(pack: Pack, tmp_path: Path):
    (tmp_path / "into").mkdir()
    pack(LITEN, tmp_path / "liten.zip")
    found = unpack(tmp_path / "liten.zip", tmp_path / "into")
    assert found.name == "liten"
    assert digest(found) == digest(LITEN)
    assert loader.load(found).definition.id == "liten"


@pytest.mark.parametrize("pack", PACKS)
def test_the_folder_may_have_any_name_and_none(pack: Pack, tmp_path: Path):
    shutil.copytree(LITEN, tmp_path / "liten-main")
    (tmp_path / "into").mkdir()
    pack(tmp_path / "liten-main", tmp_path / "x.zip")
    assert loader.load(unpack(tmp_path / "x.zip", tmp_path / "into")).definition.id == "liten"
    (tmp_path / "flat").mkdir()
    shutil.make_archive(str(tmp_path / "flat"), "zip", LITEN)
    assert loader.load(unpack(tmp_path / "flat.zip", tmp_path / "flat")).definition.id == "liten"


def test_what_desktops_add_is_left_out(tmp_path: Path):
    (tmp_path / "into").mkdir()
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for path in LITEN.rglob("*"):
            archive.write(path, f"liten/{path.relative_to(LITEN)}")
        archive.writestr("__MACOSX/liten/._scenario.yml", b"x")
        archive.writestr("liten/.DS_Store", b"x")
        archive.comment = b"a commit's name stands here"
    assert digest(unpack(tmp_path / "x.zip", tmp_path / "into")) == digest(LITEN)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../out.yml", "leaves the archive"),
        ("liten/../../out.yml", "leaves the archive"),
        ("/etc/cron.d/out", "is not a path inside"),
        ("~/out", "is not a path inside"),
        ("C:/out", "is not a path inside"),
        ("liten\\..\\out", "is not a path inside"),
        ("liten/\u202egpj.sh", "control, direction or broken"),
        ("liten/a\nb", "control, direction or broken"),
        ("x" * 300, "too long a name"),
        ("/".join(["abcdefg"] * 60), "too long a name"),
    ],
)
def test_names_that_lead_elsewhere(name: str, words: str, tmp_path: Path):
    assert words in refusal(zip_of(tmp_path / "a.zip", (name, b"x")), tmp_path / "zip")
    assert words in refusal(tar_of(tmp_path / "a.tgz", (member(name), b"x")), tmp_path / "tar")


def test_every_wrong_entry_is_named(tmp_path: Path):
    said = refusal(zip_of(tmp_path / "a.zip", ("../one", b"x"), ("good", b"x"), ("/two", b"x")), tmp_path / "at")
    assert "../one: leaves" in said
    assert "/two: is not" in said
    assert "good" not in said


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_of_a_tar(kind: bytes, tmp_path: Path):
    archive = tar_of(tmp_path / "a.tgz", (member("liten/a", kind, "/etc/passwd"), b""), (member("liten/a/b"), b"x"))
    assert "liten/a: is a link" in refusal(archive, tmp_path / "at")


def test_links_of_a_zip(tmp_path: Path):
    link = zipfile.ZipInfo("liten/a")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "is a link" in refusal(zip_of(tmp_path / "a.zip", (link, b"/etc/passwd")), tmp_path / "at")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE])
def test_special_files(kind: bytes, tmp_path: Path):
    assert "special" not in (said := refusal(tar_of(tmp_path / "a.tgz", (member("a", kind), b"")), tmp_path / "at"))
    assert "is neither a file nor a folder" in said or "cannot be read" in said


@pytest.mark.parametrize("names", [("a", "a"), ("a/b", "a"), ("a", "a/b"), ("A/x", "a/X"), ("caf\u00e9", "cafe\u0301")])
def test_a_name_twice(names: tuple[str, str], tmp_path: Path):
    archive = tar_of(tmp_path / "a.tgz", *((member(name), b"x") for name in names))
    assert "is there twice" in refusal(archive, tmp_path / "at")


def test_too_many_entries(tmp_path: Path):
    archive = zip_of(tmp_path / "a.zip", *((f"f{number}", b"") for number in range(MOST_ENTRIES + 1)))
    assert f"over {MOST_ENTRIES} entries" in refusal(archive, tmp_path / "at")


@pytest.mark.parametrize("lies", [False, True])
def test_a_zip_made_to_fill_disks(lies: bool, tmp_path: Path):
    archive = zip_of(tmp_path / "a.zip", ("big", bytes(64 * 2**20)))
    if lies:
        # The size stands twice: before the content and in the list at the end.
        archive.write_bytes(
            archive.read_bytes().replace((64 * 2**20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
        )
    said = refusal(archive, tmp_path / "at")
    assert "packed too far" in said or "cannot be read" in said
    assert sum(path.stat().st_size for path in (tmp_path / "at").rglob("*") if path.is_file()) < 8 * 2**20


def test_a_tar_made_to_fill_disks(tmp_path: Path):
    said = refusal(tar_of(tmp_path / "a.tgz", (member("big"), bytes(64 * 2**20))), tmp_path / "at")
    assert "packed too far" in said


def test_a_header_made_to_fill_memory(tmp_path: Path):
    longname = member("././@LongLink", tarfile.GNUTYPE_LONGNAME)
    said = refusal(tar_of(tmp_path / "a.tgz", (longname, b"x" * 8 * 2**20), (member("x"), b"x")), tmp_path / "at")
    assert "headers is too large" in said


def test_a_list_of_contents_made_to_fill_memory(tmp_path: Path):
    end = b"PK\x05\x06" + bytes(6) + (65535).to_bytes(2, "little") + (2**31).to_bytes(4, "little") + bytes(6)
    (tmp_path / "a.zip").write_bytes(b"PK" + bytes(2**20) + end)
    assert "list of contents is too long" in refusal(tmp_path / "a.zip", tmp_path / "at")


def test_what_is_packed_in_other_ways(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", b"x")
    assert "pack with deflate" in refusal(tmp_path / "a.zip", tmp_path / "at")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "neither a zip nor a tar.gz"),
        (b"Rar!", "neither a zip nor a tar.gz"),
        (b"PK\x03\x04 torn", "cannot be read"),
        (b"\x1f\x8b torn", "cannot be read"),
        (gzip.compress(b"no tar", mtime=0), "cannot be read"),
        (gzip.compress(bytes(1024), mtime=0), "holds no scenario.yml"),
    ],
)
def test_what_is_no_archive(content: bytes, words: str, tmp_path: Path):
    (tmp_path / "a").write_bytes(content)
    assert words in refusal(tmp_path / "a", tmp_path / "at")


def test_two_scenarios_are_one_too_many(tmp_path: Path):
    archive = zip_of(tmp_path / "a.zip", ("a/scenario.yml", b"id: a"), ("b/scenario.yml", b"id: b"))
    assert "holds 2 scenario.yml" in refusal(archive, tmp_path / "at")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("packed")
    as_zip(LITEN, folder / "a.zip")
    as_tar(LITEN, folder / "a.tgz")
    return [(folder / name).read_bytes() for name in ("a.zip", "a.tgz")]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_archive_is_refused_or_read(
    data: st.DataObject, packed: list[bytes], tmp_path_factory: pytest.TempPathFactory
):
    content = bytearray(data.draw(st.sampled_from(packed)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content)))]
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "into").mkdir()
    (folder / "archive").write_bytes(content)
    try:
        found = unpack(folder / "archive", folder / "into")
    except ScenarioInvalid:
        found = folder / "into" / "refused"
    assert (folder / "into") in found.parents
    assert sorted(path.name for path in folder.iterdir()) == ["archive", "into"]
    assert sum(path.stat().st_size for path in folder.rglob("*")) < LARGEST_BYTES
    shutil.rmtree(folder)


def test_a_full_disk_is_no_fault_of_the_archive_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    as_zip(LITEN, tmp_path / "a.zip")
    (tmp_path / "into").mkdir()
    write = Path.open

    def full(path: Path, mode: str = "r", *rest: object, **more: object) -> object:
        if mode == "xb":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="No space left"):
        unpack(tmp_path / "a.zip", tmp_path / "into")


def test_a_file_that_may_be_run_still_may(tmp_path: Path):
    run = member("liten/run.sh")
    run.mode = 0o4777
    (tmp_path / "into").mkdir()
    found = unpack(
        tar_of(tmp_path / "a.tgz", (run, b"x"), (member("liten/scenario.yml"), b"id: liten")), tmp_path / "into"
    )
    assert os.stat(found / "run.sh").st_mode & 0o7777 == 0o755
