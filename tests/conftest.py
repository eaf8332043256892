"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Failures of shared checks show the values, too.
for _module in (
    "catalogue.database.samples",
    "encoders.encoder_contract",
    "events.journal_contract",
    "index.index_contract",
    "index.reference_index",
):
    pytest.register_assert_rewrite(f"tests.{_module}")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the real data beside the project; tests that need it skip where it is missing."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the shared data folder is not beside the project")
    return folder


@pytest.fixture(scope="session")
def trees() -> None:
    """LightGBM, or a skipped test on a system without the OpenMP library that it needs."""
    from snapshelf.errors import TrainingError
    from snapshelf.ranking.models import lightgbm

    try:
        lightgbm()
    except TrainingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL database in which the tests may create schemas."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (snapshelf[postgresql])")
    if url := os.environ.get("SNAPSHELF_TEST_POSTGRESQL"):
        yield url
        return
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("no PostgreSQL: set SNAPSHELF_TEST_POSTGRESQL to a URL, or install Debian's postgresql")
    # Not pytest's own folder: it is closed to other users, and the path of a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="snapshelf-pg-"))
    data, binaries, user = folder / "data", programs[-1].parent, _server_user(folder)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [binaries / program, "-D", data, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **user,
        )

    try:
        # A locale that orders text otherwise than Python does, so that a missing collation is noticed.
        locale = ("--locale-provider=icu", "--icu-locale=en", "--encoding=UTF8", "--locale=C.UTF-8")
        run("initdb", "--username=snapshelf", "--auth=trust", "--no-sync", *locale)
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "start", "--wait", "--silent", f"--log={folder / 'log'}", f"--options={options}")
        try:
            yield f"postgresql://snapshelf@/postgres?host={folder}"
        finally:
            run("pg_ctl", "stop", "--mode=immediate", "--silent")
    finally:
        shutil.rmtree(folder)


def _server_user(folder: Path) -> dict[str, Any]:
    """The server refuses to run as root: hand its folder to another user then."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, "nobody", "nogroup")
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def new_location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Call it for the location of a catalogue that does not exist yet."""
    if request.param == "sqlite":
        yield lambda: str(tmp_path / f"{uuid.uuid4().hex}.sqlite")
        return
    from sqlalchemy import create_engine, make_url, text

    url = make_url(request.getfixturevalue("postgresql")).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    schemas: list[str] = []

    def new_schema() -> str:
        schemas.append(f"snapshelf_test_{uuid.uuid4().hex}")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {schemas[-1]}"))
        # The name is for tests that end the connections of one catalogue.
        query = {"options": f"-csearch_path={schemas[-1]}", "application_name": schemas[-1]}
        return url.update_query_dict(query).render_as_string(hide_password=False)

    try:
        yield new_schema
    finally:
        with engine.connect() as connection:
            for schema in schemas:
                connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        engine.dispose()


@pytest.fixture
def location(new_location: Callable[[], str]) -> str:
    return new_location()
