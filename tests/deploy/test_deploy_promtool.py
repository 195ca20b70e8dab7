"""The alert rules with Prometheus' own tool: their syntax, and when each fires."""

from pathlib import Path

import pytest
import yaml

from deploy.grafana.dashboards import DASHBOARDS
from deploy.grafana.panels import Dashboard
from tests.deploy.debian_programs import DebianProgram, program

PROMETHEUS = Path(__file__).resolve().parents[2] / "deploy" / "prometheus"


@pytest.fixture(scope="module")
def promtool() -> DebianProgram:
    return program("promtool", "prometheus")


@pytest.mark.parametrize("file", sorted((PROMETHEUS / "rules").glob("*.yaml")), ids=lambda file: file.stem)
def test_prometheus_takes_the_rules(promtool: DebianProgram, file: Path) -> None:
    done = promtool.run("check", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", sorted((PROMETHEUS / "tests").glob("*.yaml")), ids=lambda file: file.stem)
def test_each_alert_fires_when_it_should_and_only_then(promtool: DebianProgram, file: Path) -> None:
    done = promtool.run("test", "rules", file.name, cwd=file.parent)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_expectation_is_found(promtool: DebianProgram, tmp_path: Path) -> None:
    text = (PROMETHEUS / "tests" / "upkeep.yaml").read_text(encoding="utf-8")
    rules = (PROMETHEUS / "rules" / "upkeep.yaml").read_text(encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "rules" / "upkeep.yaml").write_text(rules.replace("3 * 86400", "5 * 86400"))
    (tmp_path / "tests" / "upkeep.yaml").write_text(text)
    assert promtool.run("test", "rules", "upkeep.yaml", cwd=tmp_path / "tests").returncode == 1


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.uid)
def test_prometheus_reads_what_a_dashboard_asks(promtool: DebianProgram, dashboard: Dashboard, tmp_path: Path) -> None:
    expressions = [
        expression for row in dashboard.rows for panel in row.panels for expression in panel.queries.values()
    ]
    rules = [{"record": f"panel:query:{number}", "expr": expression} for number, expression in enumerate(expressions)]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = promtool.run("check", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_configuration(promtool: DebianProgram, tmp_path: Path) -> None:
    """Debian's Prometheus cannot ask Kubernetes: that one line is another here, all others are as they stand."""
    text = (PROMETHEUS / "prometheus.yaml").read_text(encoding="utf-8")
    assert text.count("kubernetes_sd_configs: [{role: pod}]") == 1
    (tmp_path / "rules").symlink_to(PROMETHEUS / "rules")
    (tmp_path / "prometheus.yaml").write_text(
        text.replace("kubernetes_sd_configs: [{role: pod}]", "static_configs: [{targets: [localhost:9000]}]")
    )
    done = promtool.run("check", "config", "prometheus.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(list((PROMETHEUS / 'rules').glob('*.yaml')))} rule files found" in done.stdout
