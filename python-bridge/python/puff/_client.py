"""Operations that Python asks for itself, in process: by tests above all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from puff._django import project as django_project
from puff._runtime import services

if TYPE_CHECKING:
    from collections.abc import Mapping


class GraphQL:
    """Runs operations of one of this gateway's schemas, without HTTP.

    Resolvers are called where the operation is asked for, so that they share its connections and its transaction. In
    a Django project the gateway's statements run on Django's connection as well: what a test has not committed is seen,
    and rolled back with the test.

    Args:
        schema: The schema's name; None: the only one, or the one named `default`.

    Example:
        >>> from puff.graphql import global_graphql
        >>> global_graphql.query("{ posts { title } }")  # doctest: +SKIP
        {'data': {'posts': [{'title': 'Hello'}]}}
    """

    def __init__(self, schema: str | None = None) -> None:
        self._schema = schema

    def query(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        connection: Any = None,
        auth_token: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        operation_name: str | None = None,
    ) -> dict[str, Any]:
        """Runs a query or a mutation.

        Args:
            query: The document.
            variables: JSON values.
            connection: What statements run on: a connection of psycopg2 or of Django. None: Django's connection to
                the schema's database, else one of the gateway's own.
            auth_token: The token of `Authorization: Bearer …`.
            headers: Of the request, for `Schema.auth`.
            operation_name: Which operation, where the document has several.

        Returns:
            The answer: `data`, and `errors` where there are some.

        Raises:
            ServiceError: There is no such schema, or this Python runs outside the gateway.
            TypeError: The connection is none, or a variable is not JSON.

        Example:
            >>> global_graphql.query(
            ...     "mutation ($text: String!) { ask(text: $text) { id } }",
            ...     {"text": "Tea?"},
            ...     headers={"cookie": f"sessionid={session}"},
            ... )  # doctest: +SKIP
        """
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if auth_token is not None:
            sent["authorization"] = f"Bearer {auth_token}"
        scheme, _, token = sent.get("authorization", "").partition(" ")
        request = {
            "schema": self._schema,
            "query": query,
            "operationName": operation_name,
            "variables": _json(variables or {}),
            "headers": sent,
            "authToken": token.strip() if scheme.lower() == "bearer" else None,
        }
        step, buffers = services.call("graphql", "execute", request)
        try:
            while step["kind"] != "answer":
                step, buffers = services.call("graphql", "reply", step["id"], _reply(step, connection))
        except BaseException:
            services.tell("graphql", "end", step["id"])
            raise
        return json.loads(buffers[0])


global_graphql = GraphQL()


def named_client(schema: str) -> GraphQL:
    """Gives the client of the schema of that name.

    Args:
        schema: Its `name` in puff.toml.

    Returns:
        The client.

    Example:
        >>> internal = named_client("internal")
    """
    return GraphQL(schema)


def _json(variables: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(variables), allow_nan=False)
    except ValueError as error:
        raise TypeError(f"a variable is not JSON: {error}") from None


def _reply(step: Mapping[str, Any], connection: Any) -> Any:
    if step["kind"] == "resolve":
        from puff._bridge import resolve_batch  # it imports all that users import

        return resolve_batch(step["batch"], django_project.sparing_transactions)
    return _handle_of(django_project.connection_to(step["database"]) if connection is None else connection)


def _handle_of(connection: Any) -> int | None:
    if connection is None:
        return None
    if hasattr(connection, "ensure_connection"):  # Django's
        connection.ensure_connection()
        connection = connection.connection
    link = getattr(connection, "_link", None)
    handle = getattr(link, "handle", None)
    if handle is None:
        raise TypeError(f"operations run on an open psycopg2 or Django connection, not on {connection!r}")
    if not connection.autocommit and connection.info.transaction_status == 0:
        # Its transaction begins with its first statement: this one's.
        with connection.cursor() as cursor:
            cursor.execute("SELECT")
    return handle
