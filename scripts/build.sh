#!/bin/sh
# Builds dist/, what the published package holds: Node does not run .ts files inside node_modules.
set -eu
cd "$(dirname "$0")/.."
rm -rf dist/schema dist/planner dist/python-bridge dist/gateway
tsc -p tsconfig.build.json
mkdir -p dist/python-bridge
cp -R python-bridge/python dist/python-bridge/python
find dist/python-bridge/python \( -name __pycache__ -o -name .ruff_cache \) -prune -exec rm -rf {} +
npm run --silent --if-present build:graphiql
