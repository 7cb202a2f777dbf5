"""The service's settings: read once, from the command line and the environment, and strict.

`docs/operations.md` holds the table of all of them.
"""

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sidedoor import model_folder, policy
from sidedoor.cores import usable_cores
from sidedoor.errors import ConfigurationError

PREFIX: Final = "SIDEDOOR_"
MIN_KEY_LENGTH: Final = 16

Seconds = Annotated[float, Field(gt=0, le=3600)]


class Settings(BaseSettings):
    """What can be set; each field is also the environment variable `SIDEDOOR_` + its name."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """Port to listen on; 0 takes a free one."""
    reuse_port: bool = False
    """Whether several processes may listen on the same port."""
    model: Path = model_folder.DEFAULT
    """Model folder."""
    policy: Path = policy.DEFAULT
    """Policy file."""
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Keys that open `/v1` and `/metrics`, separated by commas; without any, none is asked for."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins whose pages may call the API, separated by commas."""
    playground: bool = True
    """Whether `/` shows the playground."""
    threads: Annotated[int, Field(ge=1, le=256)] = usable_cores()
    """Analysing threads."""
    cache: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    """Analyses kept for messages that come again to the letter; 0 keeps none."""
    queue: Annotated[int, Field(ge=1, le=1_000_000)] = 256
    """Messages admitted and not yet answered from which on nothing more is admitted."""
    deadline_s: Seconds = 10
    """Seconds in which an admitted request is answered."""
    receive_s: Seconds = 10
    """Seconds in which a client must have sent its headers, and then its body."""
    drain_s: Annotated[float, Field(ge=0, le=600)] = 1
    """Seconds after SIGTERM in which requests are still admitted, readiness being false."""
    stop_s: Annotated[int, Field(ge=1, le=600)] = 15
    """Seconds after that in which what is admitted is answered."""
    log_format: Literal["console", "json"] = "console"
    """Form of the log lines."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least level that is logged; `info` logs each request."""

    @field_validator("api_keys", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("api_keys")
    @classmethod
    def _long_enough(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < MIN_KEY_LENGTH for key in keys):
            raise ValueError(f"each key needs at least {MIN_KEY_LENGTH} characters")
        if not all(key.get_secret_value().isascii() for key in keys):
            raise ValueError("a key may hold ASCII characters only")
        return keys


def load_settings(**options: Any) -> Settings:
    """The settings; an option that is not None goes before its environment variable.

    Raises:
        ConfigurationError: a setting is unknown or ill-typed; the error names it.
    """
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            raise ConfigurationError(
                f"the environment holds {name}, which is no setting; known are {', '.join(known)}"
            )
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0])
        raise ConfigurationError(
            f"the setting {PREFIX}{name.upper()} (or --{name.replace('_', '-')}): {first['msg']}"
        ) from None


def check_exposure(settings: Settings, *, no_auth: bool) -> None:
    """Checks that nobody opens the service to others by oversight.

    Raises:
        ConfigurationError: a public address without keys, or keys together with `--no-auth`.
    """
    if no_auth and settings.api_keys:
        raise ConfigurationError("--no-auth contradicts SIDEDOOR_API_KEYS; give one of them")
    if not no_auth and not settings.api_keys and not _is_loopback(settings.host):
        raise ConfigurationError(
            f"{settings.host} can be reached from other machines; set SIDEDOOR_API_KEYS, "
            "or say --no-auth if something in front of the service asks for keys"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
