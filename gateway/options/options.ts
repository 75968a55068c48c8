/** What a gateway is made of: the options of {@link createGateway}, each with its meaning, default and effect. */

import type { LayerFunction, PlannerLimits } from "../../planner/index.ts";
import type { HostFunction } from "../../python-bridge/index.ts";

export interface GatewayOptions {
  /** The GraphQL schemas to serve, each at a URL of its own. At least one, unless there is a {@link wsgi} application or a {@link django} project. */
  readonly schemas: readonly SchemaOptions[];
  /**
   * A WSGI application that answers whatever no other route does: `package.module:name` or `file.py:name`; the name
   * defaults to `application`, and `name()` calls a function that makes it. Default: null, none.
   */
  readonly wsgi?: string | null;
  /**
   * A Django project: it is set up before schemas are loaded, and unless {@link wsgi} names another application, its own
   * is served, with its static files. Default: null, none.
   */
  readonly django?: DjangoOptions | null;
  /** Folders whose files are served as they are, without Python. Default: none. */
  readonly static?: readonly StaticFolder[];
  /**
   * The Postgres databases that schemas read and write. Default: none, which suits schemas whose resolvers return
   * values alone; a plan with SQL then fails with `PUFF_DATABASE_UNAVAILABLE`.
   */
  readonly databases?: readonly DatabaseSource[];
  /**
   * Redis, `redis://user:password@host:6379/0` or `rediss://…`, through which what is published reaches all gateways on it;
   * `redis+cluster://…` or `rediss+cluster://…` for a node of a Redis Cluster, by sharded pub/sub.
   * Default: null, messages stay within this process. Where it can't be reached, the gateway serves all the same,
   * publishing fails with `PUFF_REDIS_UNAVAILABLE`, and connecting is tried until it succeeds.
   */
  readonly redisUrl?: string | null;
  /**
   * Whether to fail at start with `PUFF_REDIS_UNAVAILABLE` where Redis does not answer within
   * {@link Limits.connectDeadline}. Default: false.
   */
  readonly requireRedis?: boolean;
  /** Whether `/metrics` serves metrics for Prometheus, to everyone. Default: false. */
  readonly metrics?: boolean;
  /**
   * Folders that Python imports from, before all others, the first wins. Relative ones start at the working folder.
   * Default: none. After them come the folders of the schema files, the working folder, and the packages of an active
   * or `.venv` virtual environment.
   */
  readonly pythonPath?: readonly string[];
  /**
   * What runs Python. Default: `pyodide`, CPython in WebAssembly, which needs nothing but Node and confines Python to the
   * project's folders. `cpython` runs a CPython of this machine in child processes: all packages work, it is faster, and
   * Python can do whatever this process can. It needs the package greenlet, else `PUFF_CPYTHON_UNFIT`.
   */
  readonly engine?: EngineName;
  /**
   * The Python of the engine `cpython`: a path, or a command's name. Default: null, that of an active or `.venv` virtual
   * environment, or else `python3`.
   */
  readonly python?: string | null;
  /**
   * Python interpreters, each in a thread or process of its own. Default: 1, which serves some thousand calls a second; each
   * takes about 200 MB.
   */
  readonly workers?: number;
  /**
   * TypeScript that works beside Python: the path of a module that exports `resolvers` and `functions`, or an object
   * that holds them. Default: none.
   */
  readonly host?: string | HostModule;
  /** Bounds on what one request may take. Default: {@link defaultLimits}. */
  readonly limits?: Partial<Limits>;
  /**
   * The share, 0 to 1, of the plans kept from `@graphql.pure` resolvers that are compared with a fresh call, after the
   * answer. A resolver that gave another plan is logged with both, and its plans are not kept any more. Default: 0.
   */
  readonly verifyPlans?: number;
  /**
   * Whether clients may send the SHA-256 of a document in place of its text, as Apollo's persisted queries do. Default: true.
   * Off, a request by hash alone fails with `PERSISTED_QUERY_NOT_SUPPORTED`, at which clients send the text.
   */
  readonly persistedQueries?: boolean;
  /**
   * Whether clients may ask for the schema. Default: true. Off, `__schema` and `__type` are refused with
   * `PUFF_INTROSPECTION_OFF`, and GraphiQL has neither completion nor docs.
   */
  readonly introspection?: boolean;
  /**
   * Whether validation errors suggest names ("Did you mean …"), which tell of the schema even where introspection is
   * off. Default: true, but false where `NODE_ENV` is `production`.
   */
  readonly suggestions?: boolean;
  /**
   * Whether clients see only messages that are safe to show; the others become "Internal server error" and go to the log.
   * Default: true where `NODE_ENV` is `production`; else false, and Python's tracebacks are in the answer.
   */
  readonly maskErrors?: boolean;
  /**
   * Origins, such as `https://app.example.com`, whose pages may call the gateway from a browser. Default: none but the
   * gateway's own. `"*"` allows all, without cookies; WebSockets, which bring cookies, want their origins named.
   */
  readonly corsOrigins?: readonly string[];
  /**
   * Hosts that requests may name: `example.com`, or `.example.com` for all below it as well; others are refused with
   * `PUFF_HOST_REFUSED`. `localhost` and the address that was connected to are served always. Default: `["*"]`, all; but
   * those two alone where {@link startServer} listens on this machine only and `NODE_ENV` is not `production`.
   */
  readonly allowedHosts?: readonly string[];
  /**
   * Proxies whose `X-Forwarded-For`, `-Host` and `-Proto` count: `10.0.0.7`, `10.0.0.0/8`, `loopback`, `linklocal`,
   * `uniquelocal`. Those headers of all others are taken from the request. Default: none counts, and none is taken away.
   * A Fastify of your own has an option `trustProxy` too: give it the same.
   */
  readonly trustProxy?: readonly string[];
  /**
   * Folder for what makes the next start quick: memory snapshots of interpreters. Default: a folder named
   * `puff-gateway` in the user's cache folder. May be deleted at any time.
   */
  readonly cacheFolder?: string;
  /** What becomes `os.environ` in Python, with `LOGNAME` where it names no user. Default: the environment of this process. */
  readonly environment?: { readonly [name: string]: string | undefined };
}

/** What runs Python. */
export type EngineName = "pyodide" | "cpython";

/** One GraphQL schema and where it is served. */
export interface SchemaOptions {
  /** Names the schema in logs and in `app.puff.planners`. Default: `default`. */
  readonly name?: string;
  /** A Python file (`schema.py`, `schema.py:Class`) or a class in a module (`package.module:Class`). The class defaults to `Schema`. */
  readonly spec: string;
  /** URL path of the API, and of GraphiQL for a browser that opens it. Default: `/graphql`. */
  readonly url?: string;
  /** A further URL path of GraphiQL. Default: null, none. */
  readonly playgroundUrl?: string | null;
  /** A further URL path for WebSockets, which {@link url} takes, too. Default: null, none. */
  readonly subscriptionsUrl?: string | null;
  /** Name of its database among {@link GatewayOptions.databases}. Default: the first one. */
  readonly database?: string;
  /**
   * Manifest of trusted documents, which clients may name by their ids: of Relay, graphql-codegen or Apollo. All are checked
   * at start: `PUFF_DOCUMENTS_INVALID`. Default: null, none.
   */
  readonly documents?: string | null;
  /** Whether all other documents are refused with `PUFF_DOCUMENT_NOT_TRUSTED`. Default: false. */
  readonly documentsOnly?: boolean;
  /** Whether Python's `snake_case` names become `camelCase` in GraphQL. Default: false. */
  readonly camelCase?: boolean;
}

/** One Postgres database. */
export interface DatabaseSource {
  /** What schemas call it. */
  readonly name: string;
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** URL of a replica, which queries read from while mutations go to `url`. Default: null, queries go there, too. */
  readonly readUrl?: string | null;
  /**
   * Whether the URLs are those of a pooler that gives each transaction another session, such as PgBouncer in transaction
   * mode: then no statement stays prepared, and each transaction brings its settings. Default: false.
   */
  readonly pooler?: boolean;
}

/** A Django project. */
export interface DjangoOptions {
  /** Its settings module: `config.settings`. Empty: whatever `DJANGO_SETTINGS_MODULE` of the environment says. */
  readonly settings: string;
  /** The folder that its modules are in, which Python may write to. Default: the working folder. */
  readonly folder?: string;
  /**
   * What is done with it at the start. Default: `serve`. For management commands `setup` is enough, and `nothing` where
   * that fails: then it is for Django to say why.
   */
  readonly start?: "serve" | "setup" | "nothing";
}

/** Files that are served as they are. */
export interface StaticFolder {
  /** The URL path before the files' names, with a slash at both ends: `/static/`. */
  readonly url: string;
  /** Relative ones start at the working folder. */
  readonly folder: string;
}

/** TypeScript for fields and for Python. */
export interface HostModule {
  /** Layer functions by `Type.field`: they answer the field in Python's stead. */
  readonly resolvers?: { readonly [field: string]: LayerFunction };
  /** Functions that Python calls with `host.call("name", …)`. */
  readonly functions?: { readonly [name: string]: HostFunction };
}

/** Bounds, all on by default. What exceeds one fails with the code named here. Times are in milliseconds. */
export interface Limits extends PlannerLimits {
  /** Bytes of the responses that each schema keeps for `@graphql.cache`; the least used goes first. */
  readonly responseCacheBytes: number;
  /** Bytes of the texts kept for {@link GatewayOptions.persistedQueries}, for each schema; the least used goes first. */
  readonly persistedQueryBytes: number;
  /** Bytes of a request's body: `PUFF_BODY_TOO_LARGE`. An operation is text with a few variables; files go elsewhere. */
  readonly bodyBytes: number;
  /** Bytes of all bodies that have arrived and wait, be it for the rest of them: `PUFF_BODIES_BUSY` (503). */
  readonly waitingBytes: number;
  /**
   * Time that a request may take: `PUFF_REQUEST_DEADLINE`. Proxies commonly give up after 60 s. For the WSGI application,
   * the time that may pass without a byte from the client or to it: `PUFF_WSGI_DEADLINE`.
   */
  readonly requestDeadline: number;
  /** Time that one call into Python may take: `PUFF_RESOLVER_DEADLINE`. A resolver only says which SQL to run. */
  readonly pythonDeadline: number;
  /** Calls that wait for Python: `PUFF_PYTHON_BUSY` (503) for those past it, rather than a wait without hope. */
  readonly pythonQueue: number;
  /** Requests in the WSGI application at a time, in each interpreter. The others wait. */
  readonly wsgiRequests: number;
  /** Requests that wait for the WSGI application: `PUFF_WSGI_BUSY` (503) for those past it. */
  readonly wsgiQueue: number;
  /**
   * Percent of a pool's connections, of the calls into Python, of the requests in the WSGI application and of the bytes
   * of bodies that wait that one client may hold at any time. What is free beyond that is for all, but an address leaves
   * a share of it for others, and a connection two. 100: one client may hold all of it.
   */
  readonly clientShare: number;
  /** Time in which the whole of a request must have arrived, where there is a WSGI application: uploads take long. */
  readonly uploadDeadline: number;
  /** Time that one SQL statement may take in Postgres: `PUFF_STATEMENT_TIMEOUT`. Half of the request's. */
  readonly statementTimeout: number;
  /** Rows that one plan may return: `PUFF_TOO_MANY_ROWS`. A row of a few columns takes about 100 bytes of memory. */
  readonly rows: number;
  /** Connections to each database for queries, and as many for mutations; Postgres allows 100 in all by default. */
  readonly poolSize: number;
  /** Statements that wait for a connection of a pool: `PUFF_POOL_BUSY` (503) for those past it. */
  readonly poolQueue: number;
  /** Time that a statement may wait for a connection: `PUFF_POOL_BUSY`. */
  readonly poolTimeout: number;
  /** Open WebSockets, and operations answered by event streams: `PUFF_TOO_MANY_SUBSCRIPTIONS` (503) for those past it. */
  readonly subscribers: number;
  /** Operations at a time on one WebSocket: `PUFF_TOO_MANY_SUBSCRIPTIONS`. */
  readonly socketOperations: number;
  /** Bytes of answers that wait for a client who reads slowly: `PUFF_SUBSCRIBER_SLOW`, which ends its connection. */
  readonly subscriberQueue: number;
  /** Time in which a database must be reached at start, tried again and again: `PUFF_DATABASE_UNAVAILABLE`. */
  readonly connectDeadline: number;
}

/** Bounds that suit a service on the open internet. */
export const defaultLimits: Limits = {
  bodyBytes: 1_048_576,
  waitingBytes: 67_108_864,
  tokens: 10_000,
  depth: 20,
  aliases: 50,
  rootFields: 30,
  fields: 10_000,
  listLength: 10_000,
  items: 100_000,
  cachedDocuments: 1_000,
  persistedQueryBytes: 10_000_000,
  responseCacheBytes: 67_108_864,
  requestDeadline: 30_000,
  pythonDeadline: 5_000,
  pythonQueue: 1_000,
  wsgiRequests: 100,
  wsgiQueue: 1_000,
  clientShare: 25,
  uploadDeadline: 600_000,
  statementTimeout: 15_000,
  rows: 1_000_000,
  poolSize: 10,
  poolQueue: 1_000,
  poolTimeout: 10_000,
  subscribers: 20_000,
  socketOperations: 100,
  subscriberQueue: 1_048_576,
  connectDeadline: 30_000,
};
