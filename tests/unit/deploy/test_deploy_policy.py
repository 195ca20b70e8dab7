"""What every object of the chart must keep, whatever the values: hardened pods, limits, no secrets, known peers."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.deploy.rendered_chart import (
    CHART,
    NAMESPACE,
    SHAPES,
    Manifest,
    Pod,
    manifests,
    merged_values,
    of_kind,
    pod_of,
    pods,
    selects,
)

SECRET_NAME = re.compile(r"PASSWORD|SECRET|TRACE_KEY|SUBSCRIPTION_KEY|AMQP_URL|DATABASE_URL")
# What a value may be beside a reference: the name of a file, or other variables put together.
NO_SECRET = re.compile(r"/references/\S+|(\w+://)(\$\(\w+\):\$\(\w+\)|[\w-]+)@[\w.:/?=&-]+")
OF_OTHERS = {"RabbitmqCluster", "Cluster", "ScheduledBackup", "Database", "DatabaseRole"}

each_shape = pytest.mark.parametrize("shape", SHAPES)


def every_pod(shape: str) -> list[Pod]:
    return [*pods(shape), *(pod for pod in pods(shape, is_upgrade=True) if pod.kind == "Job")]


@each_shape
def test_no_pod_has_more_rights_than_it_needs(shape: str) -> None:
    for pod in every_pod(shape):
        assert pod.spec["securityContext"]["runAsNonRoot"] is True, pod.owner
        assert pod.spec["securityContext"]["runAsUser"] >= 10_000, pod.owner
        assert pod.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, pod.owner
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod.spec), pod.owner
        for container in [*pod.spec["containers"], *pod.spec.get("initContainers", [])]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, pod.owner


@each_shape
def test_no_pod_can_speak_to_kubernetes(shape: str) -> None:
    for pod in every_pod(shape):
        assert pod.spec["automountServiceAccountToken"] is False, pod.owner
        assert "serviceAccountName" not in pod.spec, pod.owner
    rights = {"ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
    assert not [one for one in manifests(shape) if one["kind"] in rights]


@each_shape
def test_every_container_has_requests_and_limits(shape: str) -> None:
    for pod in every_pod(shape):
        for part in ("requests", "limits"):
            assert {"cpu", "memory"} <= set(pod.container["resources"][part]), f"{pod.owner}: {part}"


@each_shape
def test_no_image_is_the_latest(shape: str) -> None:
    images = {pod.container["image"] for pod in every_pod(shape)}
    images |= {one["spec"]["image"] for one in of_kind(shape, "RabbitmqCluster").values()}
    images |= {one["spec"]["imageName"] for one in of_kind(shape, "Cluster").values()}
    assert images
    for image in images:
        assert re.search(r":\d[\w.-]*$|@sha256:[0-9a-f]{64}$", image), image


@each_shape
def test_no_volume_is_of_the_machine(shape: str) -> None:
    kinds = {kind for pod in every_pod(shape) for volume in pod.spec["volumes"] for kind in set(volume) - {"name"}}
    assert kinds <= {"emptyDir", "secret", "configMap", "persistentVolumeClaim"}


@each_shape
def test_secrets_are_references(shape: str) -> None:
    assert not of_kind(shape, "Secret")
    for pod in every_pod(shape):
        for name, value in pod.environment.items():
            if isinstance(value, str) and SECRET_NAME.search(name):
                assert NO_SECRET.fullmatch(value), f"{pod.owner}: {name}"


def test_no_value_holds_a_secret() -> None:
    for file in (CHART / "values.yaml", *(CHART / "ci").glob("*.yaml")):
        text = re.sub(r"#.*", "", file.read_text(encoding="utf-8"))
        assert not re.search(r"(?i)password: *[^\s{]|secret_?key: *[^\s{\[]|://[^\s/@]+:[^\s/@]+@|BEGIN ", text), (
            file.name
        )


@each_shape
def test_whoever_uses_a_variable_of_another_has_it_before(shape: str) -> None:
    for pod in every_pod(shape):
        names = list(pod.environment)
        assert len(names) == len(pod.container.get("env", [])), f"{pod.owner}: a variable is there twice"
        for place, value in enumerate(pod.environment.values()):
            used = re.findall(r"\$\((\w+)\)", value) if isinstance(value, str) else []
            assert set(used) <= set(names[:place]), pod.owner


@each_shape
def test_every_file_a_variable_names_is_mounted(shape: str) -> None:
    for pod in every_pod(shape):
        mounts = [f"{mount['mountPath']}/" for mount in pod.container["volumeMounts"]]
        assert {mount["name"] for mount in pod.container["volumeMounts"]} == {
            one["name"] for one in pod.spec["volumes"]
        }
        for name, value in pod.environment.items():
            for path in re.findall(r"/(?:references|registry|postgres-ca|rabbitmq-ca)/[\w./-]+", str(value)):
                assert any(f"{path}/".startswith(mount) for mount in mounts), f"{pod.owner}: {name}"


@each_shape
def test_every_process_may_be_evicted_one_at_a_time_and_is_spread(shape: str) -> None:
    budgets = of_kind(shape, "PodDisruptionBudget").values()
    for pod in pods(shape):
        if pod.kind == "Deployment":
            matching = [one for one in budgets if selects(one["spec"]["selector"], pod.labels)]
            assert [one["spec"]["maxUnavailable"] for one in matching] == [1], pod.owner
            keys = {rule["topologyKey"] for rule in pod.spec["topologySpreadConstraints"]}
            assert keys == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}, pod.owner
            assert all(selects(rule["labelSelector"], pod.labels) for rule in pod.spec["topologySpreadConstraints"])


@each_shape
def test_a_pod_has_the_time_to_finish_its_work(shape: str) -> None:
    for pod in pods(shape):
        if pod.kind == "Deployment":
            pause_s = pod.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            options = dict(re.findall(r"--([\w-]+)=(\S+)", " ".join(pod.container["command"])))
            default = options.get("graceful-timeout", merged_values(shape)["stopGraceSeconds"])
            grace_s = float(pod.environment.get("STOP_GRACE_S", default))
            assert pod.labels["app.kubernetes.io/component"] not in {"gateway", "node"} or "graceful-timeout" in options
            assert pod.spec["terminationGracePeriodSeconds"] >= pause_s + grace_s + 5, pod.owner


@each_shape
def test_every_process_says_how_it_is(shape: str) -> None:
    for pod in pods(shape):
        if pod.kind == "Deployment":
            assert {"livenessProbe", "readinessProbe"} <= set(pod.container), pod.owner
            # Starting anew what waits for a broker brings nothing back.
            assert "chassis.health" not in str(pod.container["livenessProbe"]), pod.owner


@each_shape
def test_a_rollout_never_takes_a_pod_before_the_next_is_there(shape: str) -> None:
    for name, deployment in of_kind(shape, "Deployment").items():
        assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}, name


@each_shape
def test_doors_lead_somewhere(shape: str) -> None:
    services = of_kind(shape, "Service")
    for name, service in services.items():
        [pod] = [pod for pod in pods(shape) if selects({"matchLabels": service["spec"]["selector"]}, pod.labels)]
        ports = {port["name"] for port in pod.container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports, name
    for ingress in of_kind(shape, "Ingress").values():
        for rule in ingress["spec"]["rules"]:
            assert [rule["host"] in tls["hosts"] for tls in ingress["spec"]["tls"]] == [True]
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                ports = {port["name"] for port in services[backend["name"]]["spec"]["ports"]}
                assert backend["port"]["name"] in ports


# Who may talk to whom.


def policies_of(shape: str, pod: Pod) -> list[Manifest]:
    found = of_kind(shape, "NetworkPolicy").values()
    return [one for one in found if selects(one["spec"]["podSelector"], pod.labels)]


def ports_to_outside(shape: str, pod: Pod) -> set[int]:
    """Ports of addresses outside the cluster a pod may reach."""
    return {
        port["port"]
        for policy in policies_of(shape, pod)
        for rule in policy["spec"].get("egress", [])
        if any("ipBlock" in peer for peer in rule["to"])
        for port in rule["ports"]
    }


def may_reach(shape: str, pod: Pod, labels: Mapping[str, str], port: int) -> bool:
    """Return whether the pod may go out to a port of pods with these labels."""
    return any(
        "podSelector" in peer and selects(peer["podSelector"], labels)
        for policy in policies_of(shape, pod)
        for rule in policy["spec"].get("egress", [])
        if port in {one["port"] for one in rule["ports"]}
        for peer in rule["to"]
    )


def may_be_reached_by(shape: str, pod: Pod, peer: Mapping[str, Any]) -> bool:
    """Return whether `peer`, a `from` of a rule, is let in by any rule of the pod's."""
    return any(peer in rule["from"] for policy in policies_of(shape, pod) for rule in policy["spec"].get("ingress", []))


@each_shape
def test_every_pod_is_shut_but_for_what_is_named(shape: str) -> None:
    for pod in every_pod(shape):
        names = {policy["metadata"]["name"] for policy in policies_of(shape, pod)}
        assert f"{NAMESPACE}-default" in names, pod.owner
        assert len(names) == 2, f"{pod.owner}: {names}"
    for policy in of_kind(shape, "NetworkPolicy").values():
        for rule in [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]:
            assert rule.get("from") or rule.get("to"), "a rule without a peer lets everybody"
            assert rule["ports"]


@each_shape
def test_every_policy_is_about_somebody(shape: str) -> None:
    selected = [pod.labels for pod in every_pod(shape)]
    clusters = [{"app.kubernetes.io/name": "portal-rabbitmq"}, {"cnpg.io/cluster": "portal-postgres"}]
    for name, policy in of_kind(shape, "NetworkPolicy").items():
        assert any(selects(policy["spec"]["podSelector"], labels) for labels in [*selected, *clusters]), name


@pytest.mark.parametrize("shape", ["one-body", "ten-bodies"])
def test_who_reaches_broker_and_databases(shape: str) -> None:
    broker, databases = {"app.kubernetes.io/name": "portal-rabbitmq"}, {"cnpg.io/cluster": "portal-postgres"}
    for pod in every_pod(shape):
        is_door = pod.owner.endswith("-node-door")
        is_gateway = pod.labels["app.kubernetes.io/component"] in {"gateway", "node", "entity-router", "broker-users"}
        assert may_reach(shape, pod, broker, 5671) == ("AMQP_URL" in pod.environment), pod.owner
        assert may_reach(shape, pod, databases, 5432) == (not is_gateway and not is_door), pod.owner
        # The other end says the same.
        assert (pod.labels.get("portal/broker") == "yes") == ("AMQP_URL" in pod.environment), pod.owner
        assert ("portal/database" in pod.labels) == may_reach(shape, pod, databases, 5432), pod.owner


@each_shape
def test_each_service_has_its_own_database_and_no_other(shape: str) -> None:
    for pod in every_pod(shape):
        own = {f"{pod.labels['portal/database'].upper()}_DATABASE_URL"} if "portal/database" in pod.labels else set()
        assert {name for name in pod.environment if name.endswith("DATABASE_URL")} == own, pod.owner


@pytest.mark.parametrize("shape", ["one-body", "ten-bodies"])
def test_who_reaches_the_world(shape: str) -> None:
    web = ("payments", "payments-outbound", "payments-webhooks", "practices", "refresh-idps", "fetch-settlements")
    expected = {"notices": {587}, **{component: {443} for component in web}}
    for pod in every_pod(shape):
        component = pod.labels["app.kubernetes.io/component"]
        assert ports_to_outside(shape, pod) == expected.get(component, set()), pod.owner


@each_shape
def test_only_the_nodes_door_leads_to_the_nodes_pods(shape: str) -> None:
    ingress = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}
    door = {
        "podSelector": {
            "matchLabels": {"app.kubernetes.io/instance": "portal", "app.kubernetes.io/component": "node-door"}
        }
    }
    node, people = pod_of(shape, "node"), pod_of(shape, "gateway")
    behind_proxy = merged_values(shape)["node"]["door"] == "proxy"
    assert may_be_reached_by(shape, node, door) == behind_proxy
    assert may_be_reached_by(shape, node, ingress) == (not behind_proxy)
    assert may_be_reached_by(shape, people, ingress)
    assert not may_be_reached_by(shape, people, door)


@each_shape
def test_people_cannot_pretend_to_be_the_node(shape: str) -> None:
    """Whoever comes through the people's door may write `Client-Cert`: there nobody is the node."""
    people, node = pod_of(shape, "gateway").environment, pod_of(shape, "node").environment
    assert people["NODE_ALLOWED_NETWORKS"] == "127.0.0.1/32"
    assert "NODE_CLIENT_CERTIFICATES" not in people
    values = merged_values(shape)["node"]
    assert node["NODE_ALLOWED_NETWORKS"].split(",") == values["allowedNetworks"]
    assert node["NODE_CLIENT_CERTIFICATES"].split(",") == values["clientCertificates"]
    hosts = {name: one["spec"]["rules"][0]["host"] for name, one in of_kind(shape, "Ingress").items()}
    assert hosts["portal-gateway"] != values["host"]


@each_shape
def test_metrics_are_for_pods_alone(shape: str) -> None:
    """Whoever comes through a proxy, from an office too, is judged by the address it came from."""
    for name in ("gateway", "node"):
        environment = pod_of(shape, name).environment
        assert environment["METRICS_ALLOWED_NETWORKS"] == environment["TRUSTED_PROXIES"]
        assert environment["TRUSTED_PROXIES"].split(",") == merged_values(shape)["network"]["proxies"]


@each_shape
def test_the_nodes_door_asks_for_a_certificate(shape: str) -> None:
    if merged_values(shape)["node"]["door"] == "proxy":
        config = of_kind(shape, "ConfigMap")["portal-node-door"]["data"]["haproxy.cfg"]
        assert "ca-file /tls/clients/ca.crt verify required" in config
        assert 'http-request set-header Client-Cert ":%[ssl_c_der,base64]:"' in config
        assert of_kind(shape, "Service")["portal-node-door"]["spec"]["externalTrafficPolicy"] == "Local"
    else:
        ingress = of_kind(shape, "Ingress")["portal-node"]
        annotations = {name.split("/")[1]: text for name, text in ingress["metadata"]["annotations"].items()}
        assert annotations["auth-tls-secret"] == f"{NAMESPACE}/portal-node-ca"
        assert annotations["auth-tls-verify-client"] == "on"
        assert ":%[ssl_c_der,base64]:" in annotations["config-backend"]
        paths = ingress["spec"]["rules"][0]["http"]["paths"]
        assert [(path["path"], path["pathType"]) for path in paths] == [
            ("/pagopa/pa-for-node", "Exact"),
            ("/pagopa/payment-options", "Prefix"),
        ]
