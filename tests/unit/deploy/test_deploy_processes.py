"""The chart and the code say the same: processes, settings, queues, migrations, connections."""

import re
from importlib.util import find_spec

import pytest
from honcho.environ import parse_procfile

from chassis.messaging.broker_users import USERS, password_setting
from chassis.messaging.entity_consumers import ROUTER
from chassis.settings import database_url
from chassis.storage.database import make_engine
from chassis.storage.migrations import services_with_migrations
from chassis.storage.roles import UNLOGGED
from contracts.events.subscriptions import SUBSCRIPTIONS
from tests.unit.deploy.rendered_chart import (
    ROOT,
    SHAPES,
    Pod,
    merged_values,
    of_kind,
    pod_of,
    pods,
    rendered,
    values_of,
)
from tests.unit.house.doc_tables import settings_read

each_shape = pytest.mark.parametrize("shape", SHAPES)
# Parts that another variable is put together from.
PARTS = {"RABBITMQ_USER", "DATABASE_USER", *map(password_setting, (*USERS, ROUTER))}


def procfile() -> dict[str, str]:
    found: dict[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes
    return found


@each_shape
def test_every_process_of_the_procfile_has_its_deployment(shape: str) -> None:
    # The proxy before the node's door is here alone.
    extra = {"portal-node-door"} if merged_values(shape)["node"]["door"] == "proxy" else set()
    assert {f"portal-{name}" for name in procfile()} | extra == set(of_kind(shape, "Deployment"))


@pytest.mark.parametrize("name", procfile())
def test_a_process_runs_what_the_procfile_says(name: str) -> None:
    # In the chart a container has no variable to be taken away.
    words = re.sub(r"^exec (env (-u \w+ )+)?", "", procfile()[name]).split()
    command = pod_of("one-body", name).container["command"]
    if words[0] == "python":
        assert command == words
    else:
        assert command[:2] == words[:2]
        worker = words[words.index("--worker-class") + 1]
        assert {f"--worker-class={worker}", "--no-control-socket"} <= set(command)


def test_one_more_process_is_one_more_entry() -> None:
    values = values_of("one-body")
    resources = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
    values["kinds"] = {
        "outbound": {
            "command": ["python", "-m", "services.{service}.outbound"],
            "health": ["python", "-m", "chassis.health", "{service}"],
            "resources": resources,
        }
    }
    values["processes"]["payments-outbound"] = {
        "kind": "outbound",
        "image": "payments",
        "service": "payments",
        "reads": ["payments"],
        "egress": ["web"],
        "replicas": 2,
    }
    made = {one["kind"]: one for one in rendered(values) if one["metadata"]["name"] == "portal-payments-outbound"}
    assert set(made) == {"Deployment", "NetworkPolicy", "PodDisruptionBudget"}
    [container] = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["python", "-m", "services.payments.outbound"]
    assert {"AMQP_URL", "PAYMENTS_DATABASE_URL", "CHECKOUT_SUBSCRIPTION_KEY", "METRICS_PORT"} <= {
        one["name"] for one in container["env"]
    }
    ports = {port["port"] for rule in made["NetworkPolicy"]["spec"]["egress"] for port in rule["ports"]}
    assert ports == {53, 443, 5432, 5671}


@each_shape
def test_every_command_is_a_module_of_ours(shape: str) -> None:
    for pod in pods(shape):
        command = pod.container["command"]
        health = pod.container.get("readinessProbe", {}).get("exec", {}).get("command", [])
        for words in filter(None, (command, health)):
            if words[0] == "python":
                assert words[1] == "-m"
                assert find_spec(words[2]) is not None, words


@each_shape
def test_every_variable_is_a_setting_of_the_code(shape: str) -> None:
    databases = {f"{service.upper()}_DATABASE_URL" for service in services_with_migrations()}
    known = set(settings_read()) | databases | PARTS
    found = {name for pod in pods(shape) for name in pod.environment}
    assert found
    assert not {name for name in found - known if name.removesuffix("_FILE") not in known}


@each_shape
def test_whoever_needs_a_setting_has_it(shape: str) -> None:
    required = {name: one.read_by for name, one in settings_read().items() if "required" in one.defaults}
    for service in (*services_with_migrations(), "gateway", "node"):
        pod = pod_of(shape, service)
        reader = "gateway" if service == "node" else service
        has_mail = "SMTP_HOST" in pod.environment
        missing = {name for name, readers in required.items() if reader in readers} - set(pod.environment)
        assert missing <= (set() if has_mail else {"MAIL_FROM"}), service


def test_a_database_address_of_the_chart_is_read_as_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    url = pod_of("one-body", "payments").environment["PAYMENTS_DATABASE_URL"]
    filled = url.replace("$(DATABASE_USER)", "portal_payments").replace("$(DATABASE_PASSWORD)", "of-no-worth")
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", filled)
    engine = make_engine(database_url("payments"))
    assert (engine.url.host, engine.url.database) == ("portal-postgres-rw", "portal_payments")
    assert engine.url.query == {"sslmode": "verify-full", "sslrootcert": "/postgres-ca/ca.crt"}


def test_the_queues_that_count_are_those_a_service_listens_to() -> None:
    listened: dict[str, set[str]] = {}
    for subscription in SUBSCRIPTIONS:
        listened.setdefault(subscription.consumer.split(".")[0], set()).add(subscription.queue_name)
    counted = {
        name: set(process["scaling"]["queues"])
        for name, process in merged_values("ten-bodies")["processes"].items()
        if process["kind"] == "service"
    }
    assert counted == {name: listened.get(name, set()) for name in services_with_migrations()}


def test_each_service_scales_by_its_queues_and_its_rate() -> None:
    for name, one in of_kind("ten-bodies", "ScaledObject").items():
        spec = one["spec"]
        assert spec["scaleTargetRef"]["name"] == name
        assert 2 <= spec["minReplicaCount"] < spec["maxReplicaCount"] <= 30
        types = {trigger["type"] for trigger in spec["triggers"]}
        is_http = name in {"portal-gateway", "portal-node"}
        assert types == ({"cpu", "prometheus"} if is_http else {"rabbitmq", "prometheus"}), name
        if not is_http:
            queues = {one["metadata"]["queueName"] for one in spec["triggers"] if one["type"] == "rabbitmq"}
            assert f"rpc-{name.removeprefix('portal-')}" in queues


def test_what_keda_scales_has_no_replicas_of_its_own() -> None:
    scaled = set(of_kind("ten-bodies", "ScaledObject"))
    without = {name for name, one in of_kind("ten-bodies", "Deployment").items() if "replicas" not in one["spec"]}
    assert scaled == without
    assert not of_kind("one-body", "ScaledObject")
    assert all("replicas" in one["spec"] for one in of_kind("one-body", "Deployment").values())


def test_metrics_that_keda_asks_for_are_ours() -> None:
    source = (ROOT / "chassis/metrics.py").read_text() + (ROOT / "gateway/edge/observation.py").read_text()
    queries = [
        trigger["metadata"]["query"]
        for one in of_kind("ten-bodies", "ScaledObject").values()
        for trigger in one["spec"]["triggers"]
        if trigger["type"] == "prometheus"
    ]
    assert queries
    for query in queries:
        [metric] = re.findall(r"rate\((\w+)\{", query)
        assert f'"{metric.removesuffix("_count")}"' in source


@each_shape
def test_migrations_come_one_after_the_other_before_an_upgrade(shape: str) -> None:
    jobs = {
        name: one["metadata"]["annotations"]
        for name, one in of_kind(shape, "Job", is_upgrade=True).items()
        if "migrations" in name
    }
    assert set(jobs) == {f"portal-migrations-{service}" for service in services_with_migrations()}
    assert all("pre-upgrade" in one["helm.sh/hook"].split(",") for one in jobs.values())
    order = sorted(jobs, key=lambda name: int(jobs[name]["helm.sh/hook-weight"]))
    assert order == [f"portal-migrations-{service}" for service in merged_values(shape)["databases"]]
    assert len({one["helm.sh/hook-weight"] for one in jobs.values()}) == len(jobs)


@pytest.mark.parametrize("shape", ["one-body", "ten-bodies"])
def test_the_first_migrations_wait_for_the_database_of_the_same_installation(shape: str) -> None:
    """A hook would come before the database, and the installation would wait for ever."""
    jobs = {name: one for name, one in of_kind(shape, "Job").items() if "migrations" in name}
    assert len(jobs) == len(services_with_migrations())
    for name, one in jobs.items():
        assert "annotations" not in one["metadata"], name
        assert one["spec"]["backoffLimit"] >= 10
        # Not the name of the hook of the next upgrade, which Helm would delete with the jobs of the first release.
        assert name not in of_kind(shape, "Job", is_upgrade=True)


def test_outside_databases_are_migrated_before_anything_starts() -> None:
    jobs = of_kind("outside-databases", "Job")
    assert {one["metadata"]["annotations"]["helm.sh/hook"] for one in jobs.values()} == {"pre-install,pre-upgrade"}


@pytest.mark.parametrize("shape", ["one-body", "ten-bodies"])
def test_the_database_has_a_connection_for_everybody(shape: str) -> None:
    values = merged_values(shape)
    [cluster] = of_kind(shape, "Cluster").values()
    scaled = of_kind(shape, "ScaledObject")
    most = 0
    for name, one in of_kind(shape, "Deployment").items():
        labels = one["spec"]["template"]["metadata"]["labels"]
        if "portal/database" in labels:
            engine = make_engine("postgresql://nobody@localhost/none", pool_size=values["maxWorkers"])
            pool = 2 if name.endswith("-relay") else engine.pool.size()  # type: ignore[attr-defined]  # -- QueuePool's
            replicas = scaled[name]["spec"]["maxReplicaCount"] if name in scaled else one["spec"]["replicas"]
            most += (replicas + 1) * (pool + engine.pool._max_overflow)  # type: ignore[attr-defined]  # -- QueuePool's
    allowed = int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])
    assert allowed == most + values["postgres"]["spareConnections"]


@pytest.mark.parametrize("shape", ["one-body", "ten-bodies"])
def test_each_service_has_a_role_and_a_database(shape: str) -> None:
    [cluster] = of_kind(shape, "Cluster")
    roles = {one["spec"]["name"]: one["spec"] for one in of_kind(shape, "DatabaseRole").values()}
    databases = {one["spec"]["name"]: one["spec"] for one in of_kind(shape, "Database").values()}
    kinds = ("", "_service", "_relay")
    assert set(databases) == {f"portal_{service}" for service in services_with_migrations()}
    assert set(roles) == {f"{database}{kind}" for database in databases for kind in kinds}
    for name, database in databases.items():
        assert database["owner"] == name
        assert database["cluster"] == roles[name]["cluster"] == {"name": cluster}
        service = name.removeprefix("portal_")
        assert roles[name]["passwordSecret"] == {"name": f"portal-postgres-{service}"}
        used = pod_of(shape, service).environment["DATABASE_PASSWORD"]["secretKeyRef"]["name"]
        assert used == roles[f"{name}_service"]["passwordSecret"]["name"] == f"portal-postgres-{service}-service"


@pytest.mark.parametrize("shape", ["one-body", "ten-bodies"])
def test_an_acknowledged_commit_is_on_two_machines_and_in_the_backup(shape: str) -> None:
    [cluster] = of_kind(shape, "Cluster").values()
    assert cluster["spec"]["postgresql"]["synchronous"]["dataDurability"] == "required"
    assert cluster["spec"]["backup"]["barmanObjectStore"]["destinationPath"].startswith("s3://")
    [backup] = of_kind(shape, "ScheduledBackup").values()
    assert backup["spec"]["cluster"]["name"] == cluster["metadata"]["name"]
    assert len(backup["spec"]["schedule"].split()) == 6


def test_a_broker_of_ours_has_three_nodes_and_queues_on_all_of_them() -> None:
    [cluster] = of_kind("ten-bodies", "RabbitmqCluster").values()
    assert cluster["spec"]["replicas"] == 3
    assert "default_queue_type = quorum" in cluster["spec"]["rabbitmq"]["additionalConfig"]


def test_nothing_of_the_operators_is_made_where_broker_and_databases_are_outside() -> None:
    for kind in ("Cluster", "Database", "DatabaseRole", "ScheduledBackup", "RabbitmqCluster"):
        assert not of_kind("outside-databases", kind)
    payments = pod_of("outside-databases", "payments").environment
    assert payments["AMQP_URL"]["secretKeyRef"] == {"name": "portal-rabbitmq", "key": "url"}
    assert payments["PAYMENTS_DATABASE_URL"]["secretKeyRef"] == {"name": "portal-databases", "key": "payments"}


@each_shape
def test_settlement_flows_are_fetched_for_each_entity_that_wants_them(shape: str) -> None:
    wanted = {one["code"] for one in merged_values(shape)["entities"] if one["settlements"]}
    jobs = {name: one for name, one in of_kind(shape, "CronJob").items() if "fetch-settlements" in name}
    asked = {pod.container["command"][-1] for pod in pods(shape) if pod.owner in jobs}
    assert asked == wanted
    schedules = [one["spec"]["schedule"] for one in jobs.values()]
    assert len(set(schedules)) == len(schedules), "pagoPA need not answer all of them at once"


IN_CLUSTER = pytest.mark.parametrize("shape", ["one-body", "ten-bodies"])


def user_of(pod: Pod) -> str:
    """The broker's user in a pod's address."""
    return str(pod.environment["AMQP_URL"]).split("://")[1].split("@")[0]


@IN_CLUSTER
def test_every_process_of_the_chart_is_its_own_user_of_the_broker_over_tls(shape: str) -> None:
    for process in procfile():
        pod = pod_of(shape, process)
        # What payments sends out by itself is payments, with its rights.
        name = "payments" if process == "payments-outbound" else process
        if process == "payments-webhooks":
            assert not [one for one in pod.environment if one.startswith("AMQP_")]
            assert "portal/broker" not in pod.labels
            continue
        assert user_of(pod) == name
        assert pod.environment["AMQP_PASSWORD"]["secretKeyRef"] == {"name": "portal-broker-users", "key": name}
        assert pod.environment["AMQP_URL"].startswith("amqps://")
        assert pod.environment["AMQP_CA_FILE"] == "/rabbitmq-ca/ca.crt"
    [cluster] = of_kind(shape, "RabbitmqCluster").values()
    assert cluster["spec"]["tls"] == {"secretName": "portal-rabbitmq-tls", "disableNonTLSListeners": True}


@IN_CLUSTER
@pytest.mark.parametrize("is_upgrade", [False, True])
def test_a_job_makes_every_user_that_a_process_is(shape: str, *, is_upgrade: bool) -> None:
    [job] = [
        one
        for name, one in of_kind(shape, "Job", is_upgrade=is_upgrade).items()
        if name in {"portal-broker-users", "portal-first-broker-users"}
    ]
    [container] = job["spec"]["template"]["spec"]["containers"]
    applied = ["python -m chassis.broker_users apply", "python -m chassis.entity_consumers apply"]
    assert container["command"] == ["sh", "-c", " && ".join(applied)]
    given = {one["name"]: one.get("valueFrom") for one in container["env"]}
    users = (*USERS, ROUTER)
    keys = {name: given[name]["secretKeyRef"]["key"] for name in map(password_setting, users)}
    assert keys == {password_setting(user): user for user in users}


@IN_CLUSTER
def test_every_process_of_the_chart_has_its_own_role_and_only_migrations_the_owners(shape: str) -> None:
    for pod in pods(shape):
        service = pod.labels.get("portal/database")
        if service is None:
            continue
        component = pod.labels["app.kubernetes.io/component"]
        kind = "" if component.startswith("migrations-") else "-relay" if component.endswith("-relay") else "-service"
        used = pod.environment["DATABASE_PASSWORD"]["secretKeyRef"]["name"]
        assert used == f"portal-postgres-{service}{kind}", pod.owner
        if not kind:
            assert f"chassis.database_roles apply {service}" in pod.container["command"][-1]


@IN_CLUSTER
def test_the_chart_has_the_server_log_no_value(shape: str) -> None:
    [cluster] = of_kind(shape, "Cluster").values()
    assert UNLOGGED.items() <= cluster["spec"]["postgresql"]["parameters"].items()


def test_the_gateway_of_the_chart_holds_neither_database_nor_spid_key() -> None:
    for name in ("gateway", "node"):
        pod = pod_of("one-body", name)
        held = str([pod.environment, pod.spec["volumes"]])
        assert "DATABASE" not in held, name
        assert "spid" not in held.lower(), name
