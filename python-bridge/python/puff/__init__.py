"""Puff: describe a GraphQL API with dataclasses, answer its fields with query plans.

`puff.graphql` holds what a schema is written with, `puff.host` calls functions of the gateway's TypeScript side.

Example:
    >>> from dataclasses import dataclass
    >>> from puff import graphql
    >>> from puff.graphql import Context, Plan, sql
"""
