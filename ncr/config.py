"""The site's settings, from the environment (NCR_…), a .env file, or secret files; a wrong value refuses to start."""

from functools import cached_property
from ipaddress import IPv4Network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Role = Literal["all", "web", "director", "entries"]


class Settings(BaseSettings):
    """One site. Sizes are MiB, times are seconds, CPUs are cores, unless a name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="NCR_", env_file=".env", extra="ignore", frozen=True)

    data: Path = Field(Path("data"), description="folder for the database, scenario copies and signed ledger heads")
    database_url: str = Field(
        "",
        pattern=r"^(sqlite:///.+|postgresql(\+psycopg)?://.+)?$",
        description="postgresql://… or sqlite:///…; empty means SQLite in the data folder",
    )
    secret_key: SecretStr = Field(
        SecretStr(""), description="signs sessions; empty means one is made in the data folder"
    )
    instance: str = Field("", pattern=r"^[a-z0-9-]{0,20}$", description="names this installation on a shared engine")
    role: Role = "all"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    public_url: str = Field("", description="what browsers type; empty means http://HOST:PORT")
    trusted_proxies: str = Field("", description="addresses whose X-Forwarded-* headers are believed")
    language: Literal["nb", "en"] = "nb"
    time_zone: str = "Europe/Oslo"

    entry_domain: str = Field(
        "localhost",
        pattern=r"^[a-z0-9]([a-z0-9.-]{0,180}[a-z0-9])?$",
        description="web entries are hosts below this name; *.localhost needs no set-up",
    )
    entries_url: str = Field("", description="where browsers reach this entries process; empty means public_url")

    engine: Literal["docker", "simulated"] = "docker"
    docker_host: str = Field("", description="empty means DOCKER_HOST or the usual socket")
    site_ca: Path | None = Field(None, description="PEM bundle that image builds must trust")
    scenarios: tuple[Path, ...] = Field((Path("scenarios"),), description="folders searched for scenarios")
    uploads: int = Field(500, ge=0, description="uploaded scenario versions the site keeps at most")
    uploads_mib: int = Field(4096, ge=0, description="what they may take on the disk together")
    subnet_pool: IPv4Network = IPv4Network("10.128.0.0/11")
    subnet_prefix: int = Field(26, ge=20, le=29)
    engine_parallel: int = Field(8, ge=1, le=64)

    default_memory_mib: int = 256
    max_memory_mib: int = 4096
    default_cpus: float = 0.5
    max_cpus: float = 4.0
    default_pids: int = 128
    max_pids: int = 2048
    terminal_pids: int = 256
    runtimes: tuple[str, ...] = Field((), description="container runtimes of the engine that a scenario may name")
    disk_soft_mib: int = 512
    disk_hard_mib: int = 1024
    reserve_memory_mib: int = Field(1024, description="memory of the machine that environments never get")

    prepare_lead_s: float = Field(1800, description="how long before the start environments are built")
    practice_runs: int = Field(40, ge=0, description="practice runs the site has at once; more wait in the queue")
    practice_runs_per_student: int = Field(2, ge=1, le=20)
    practice_idle_s: float = Field(3600, ge=60, description="a practice run nobody touches for so long is closed")
    practice_extension_s: float = Field(1800, ge=60)
    practice_extensions: int = Field(2, ge=0, le=20)
    pool_scenarios: int = Field(3, ge=0, le=50, description="so many of the most practised scenarios are kept ready")
    pool_size: int = Field(1, ge=0, le=50, description="environments kept ready of each of them")

    tick_s: float = 1.0
    reconcile_s: float = 10.0
    lease_s: float = 30.0

    @cached_property
    def url(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'ncr.db'}"

    @cached_property
    def origin(self) -> str:
        """What a browser sends as Origin: scheme, host and port."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def entries_door(self, reached: str) -> str:
        """Where a browser reaches the entries: as told, or else where it `reached` us."""
        return (self.entries_url or self.public_url or reached).rstrip("/")

    @cached_property
    def entries_origin(self) -> str:
        """Where browsers reach this process's terminals: scheme, host and port."""
        return (self.entries_url or self.origin).rstrip("/")
