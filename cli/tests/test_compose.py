"""docker-compose.yml describes an installation whose parts exist and whose secrets are files."""

import shutil
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def compose_client():
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0


@pytest.mark.skipif(not compose_client(), reason="no docker compose client on this machine")
def test_compose_client_accepts_the_file():
    command = ["docker", "compose", "-f", str(ROOT / "docker-compose.yml"), "config", "-q"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_every_service_restarts_and_the_servers_tell_their_health(compose):
    for name, service in compose["services"].items():
        assert service["restart"] == "unless-stopped", name
    assert "healthcheck" in compose["services"]["db"]
    assert "healthcheck" in compose["services"]["odoo"]
    assert "HEALTHCHECK" in (ROOT / "collector" / "Dockerfile").read_text(encoding="utf-8")


def test_no_secret_stands_in_the_file_or_the_environment(compose):
    for service in compose["services"].values():
        for variable in service.get("environment", {}):
            assert "PASSWORD" not in variable or variable.endswith("_FILE")
    assert {entry["file"] for entry in compose["secrets"].values()} == {
        "./secrets/db_password", "./secrets/collector_api_key",
    }


def test_what_is_mounted_exists_and_every_volume_is_declared(compose):
    for service in compose["services"].values():
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists(), source
            else:
                assert source in compose["volumes"]


def test_images_are_the_official_ones(compose):
    services = compose["services"]
    assert services["odoo"]["image"] == "odoo:19"
    assert services["db"]["image"].startswith("postgres:")


def test_mounted_configurations_can_be_read():
    config = ConfigParser(interpolation=None)
    config.read(ROOT / "odoo.conf", encoding="utf-8")
    assert config["options"]["db_host"] == "db"
    collector = tomllib.loads((ROOT / "docker" / "collector.toml").read_text(encoding="utf-8"))
    assert collector["odoo"]["api_key_file"] == "/run/secrets/collector_api_key"
