"""What `puff-gateway pytest` is to run: tests on the client in process, some of them on a connection of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg2
import pytest
from client_schema import mood
from puff import join_all, spawn
from puff._runtime.services import ServiceError
from puff.graphql import global_graphql, named_client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def connection() -> Iterator[Any]:
    connection = psycopg2.connect("dbname=default")
    yield connection
    connection.close()


def run(connection: Any, statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def names(connection: Any = None) -> list[str]:
    answer = global_graphql.query("{ items { name } }", connection=connection)
    assert "errors" not in answer
    return [item["name"] for item in answer["data"]["items"]]


def test_without_sql_nothing_is_connected_to() -> None:
    assert global_graphql.query("{ __typename }") == {"data": {"__typename": "Query"}}


def test_variables_operations_and_callers() -> None:
    document = "query a { mood } query b($after: Int!) { items(after: $after) { id } mood }"
    answer = global_graphql.query(
        document, {"after": 1000}, auth_token="t", headers={"X-User": "ada"}, operation_name="b"
    )
    assert answer == {"data": {"items": [], "mood": "none ada t"}}


def test_resolvers_run_where_the_operation_is_asked_for() -> None:
    mood.set("good")
    assert global_graphql.query("{ mood }")["data"]["mood"] == "good nobody None"


def test_what_is_not_committed_is_seen_on_its_connection_alone(connection: Any) -> None:
    run(connection, "INSERT INTO item (name) VALUES ('mine')")
    run(connection, "INSERT INTO tag SELECT id, 'new' FROM item WHERE name = 'mine'")
    answer = global_graphql.query("{ items { name length tags { name } } }", connection=connection)
    assert answer == {"data": {"items": [{"name": "mine", "length": 4, "tags": [{"name": "new"}]}]}}
    assert names() == []


def test_a_failing_query_leaves_the_transaction_as_it_was(connection: Any) -> None:
    run(connection, "INSERT INTO item (name) VALUES ('mine')")
    answer = global_graphql.query("{ broken items { name } }", connection=connection)
    assert answer["data"] == {"broken": None, "items": [{"name": "mine"}]}
    assert answer["errors"][0]["path"] == ["broken"]
    assert run(connection, "SELECT name FROM item") == [("mine",)]


def test_mutations_are_part_of_the_transaction_unless_they_fail(connection: Any) -> None:
    run(connection, "SET LOCAL TimeZone TO 'Asia/Tokyo'")
    before = run(connection, "SELECT name, setting FROM pg_settings ORDER BY name")
    answer = global_graphql.query(
        'mutation { a: add(name: "a") { name tags { name } } add_broken { id } }', None, connection
    )
    assert answer["data"] == {"a": {"name": "a", "tags": []}, "add_broken": None}
    assert "null value" in answer["errors"][0]["message"]
    assert names(connection) == ["a"]
    assert before == run(connection, "SELECT name, setting FROM pg_settings ORDER BY name")
    connection.rollback()
    assert names(connection) == []


def test_without_a_transaction_a_mutation_has_its_own(connection: Any) -> None:
    connection.autocommit = True
    answer = global_graphql.query('mutation { add(name: "kept") { name } add_broken { id } }', connection=connection)
    assert answer["data"] == {"add": {"name": "kept"}, "add_broken": None}
    assert names() == names(connection) == ["kept"]
    run(connection, "DELETE FROM item")


def test_in_a_failed_transaction_the_answer_says_so(connection: Any) -> None:
    with pytest.raises(psycopg2.DataError):
        run(connection, "SELECT 1 / 0")
    answer = global_graphql.query("{ items { name } }", connection=connection)
    assert "current transaction is aborted" in answer["errors"][0]["message"]


def test_greenlets_take_turns_on_a_connection(connection: Any) -> None:
    run(connection, "INSERT INTO item (name) VALUES ('mine')")
    found = join_all([spawn(names, connection) for _ in range(20)])
    assert found == [["mine"]] * 20


def test_mistakes_are_named(connection: Any) -> None:
    assert global_graphql.query("{ nothing }")["errors"][0]["extensions"]["code"] == "PUFF_DOCUMENT_INVALID"
    with pytest.raises(ServiceError, match="a subscription has more than one result"):
        global_graphql.query("subscription { seconds }")
    with pytest.raises(ServiceError, match='there is no schema "other": there are default'):
        named_client("other").query("{ mood }")
    with pytest.raises(TypeError, match="not on 'postgres'"):
        global_graphql.query("{ items { id } }", connection="postgres")
    connection.close()
    with pytest.raises(TypeError, match="closed: 1"):
        global_graphql.query("{ items { id } }", connection=connection)
