"""Every kind of attack that was made on the portal has its tests, here or in the room that answers for it."""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
# Kind -> file below tests/ -> the tests that try it.
KINDS = {
    "SAML": {
        "unit/identity/test_identity_response_attacks.py": [
            "test_signature_wrapping_is_refused",
            "test_weak_and_symmetric_algorithms_are_refused",
            "test_a_comment_or_instruction_inside_the_fiscal_code_is_refused",
        ],
        "integration/identity/test_identity_fuzz.py": [
            "test_no_changed_answer_logs_anybody_in_and_none_is_a_server_error"
        ],
    },
    "CSRF": {
        "unit/gateway/test_gateway_security.py": ["test_no_form_is_taken_without_the_token_of_this_browser"],
        "unit/gateway/test_gateway_session_attacks.py": [
            "test_a_form_that_another_site_sent_is_refused_though_its_token_is_right",
            "test_the_forms_token_is_renewed_by_a_login_and_by_a_logout",
        ],
    },
    "IDOR": {
        "integration/practices/test_practices_search.py": [
            "test_another_entitys_practice_is_not_found",
            "test_practices_by_id_come_in_the_order_asked_without_those_the_viewer_may_not_see",
        ],
        "integration/payments/test_payments_strangers.py": ["test_whoever_only_knows_the_notice_does_not"],
        "unit/practices/test_practices_masking.py": [
            "test_two_practices_that_differ_only_in_persons_are_the_same_to_a_stranger"
        ],
        "unit/gateway/test_gateway_session_attacks.py": [
            "test_a_copy_of_the_visitors_cookie_is_worth_nothing_after_logout"
        ],
    },
    "XSS": {
        "unit/gateway/test_gateway_security.py": [
            "test_a_page_loads_nothing_from_elsewhere_and_is_framed_by_nobody",
        ],
        "e2e/test_e2e_hostile.py": ["test_any_text_in_a_search_is_answered", "test_any_text_in_a_debt_is_answered"],
    },
    "XML": {
        "unit/payments/test_payments_soap.py": [
            "test_document_types_and_so_entities_are_refused_before_parsing",
            "test_deep_nesting_is_refused",
        ],
        "unit/identity/test_identity_response_attacks.py": ["test_a_document_type_is_refused_in_any_encoding"],
    },
    "smuggling": {
        "attacks/test_attack_slow_clients.py": [
            "test_a_head_that_is_none_is_refused_at_once",
            "test_chunks_that_are_none_are_the_senders_mistake_at_every_door",
            "test_requests_sent_together_are_answered_one_after_the_other",
        ],
    },
    "proxies": {
        "attacks/test_attack_proxy.py": ["test_what_a_client_says_of_its_address_does_not_pass_the_proxy"],
        "unit/gateway/test_gateway_doors.py": [
            "test_only_the_nodes_networks_get_in",
            "test_only_a_pinned_certificate_told_by_a_trusted_proxy_gets_in",
        ],
        "unit/gateway/test_gateway_rates.py": ["test_moving_within_its_64_gives_a_client_no_new_rate"],
    },
    "slow clients": {
        "attacks/test_attack_slow_clients.py": [
            "test_the_node_is_answered_within_a_second_while_400_slow_clients_hold_pages_and_door",
            "test_slow_clients_of_every_kind_hold_no_thread",
            "test_a_request_that_is_not_whole_within_ten_seconds_is_ended",
        ],
    },
    "strange bytes": {
        "unit/gateway/test_gateway_strange_bytes.py": [
            "test_strange_bytes_are_a_4xx_at_every_door",
            "test_strange_bytes_in_json_are_a_4xx_at_every_door",
            "test_strange_bytes_in_a_file_name_are_refused",
        ],
    },
    "ZIPs": {
        "unit/gateway/test_gateway_archives.py": [
            "test_a_bomb_is_refused_by_its_ratio_and_by_its_size",
            "test_other_ways_of_packing_are_refused_before_they_are_unpacked",
            "test_a_directory_that_lies_about_the_size_changes_nothing",
        ],
        "unit/payments/test_payments_settlements.py": ["test_a_zip_bomb_is_not_unpacked_beyond_the_cap"],
    },
}


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((TESTS / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_attack_is_tried(kind: str) -> None:
    missing = [f"{path}::{name}" for path, names in KINDS[kind].items() for name in names if name not in names_in(path)]
    assert missing == [], "an attack is no longer tried: name the test that does"


def test_no_attack_is_left_to_a_nightly_run_alone() -> None:
    from dev.testing import profiles

    assert not [
        path for files in KINDS.values() for path in files if f"tests/{path}".startswith(tuple(profiles.targets()))
    ]
