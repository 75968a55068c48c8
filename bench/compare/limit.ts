/**
 * The limit: what Node can do for these workloads and nothing else. node:http, the statement that the gateway fuses,
 * pipelined on connections that are read by hand into one buffer, with one write and one Sync for the small ones of a turn
 * of the event loop, and a writer coded for each answer, whose memory is used again. It knows the queries by their text: it
 * neither parses nor validates GraphQL, and an error ends it.
 *
 * Run as `node bench/compare/limit.ts URL PORT`.
 */
import { createServer } from "node:http";
import { limitAnswers } from "./limit-answers.ts";
import { LimitConnection, type Run, runMessages } from "./limit-connection.ts";
import { poolSize, workloads } from "./workloads.ts";

const [url = "", port] = process.argv.slice(2);
const statements = new Map(Object.entries(limitAnswers).map(([name, { statement }]) => [name, statement]));
const connections = await Promise.all(Array.from({ length: poolSize }, () => LimitConnection.open(url, statements)));
const answers = new Map(
  workloads.map(({ name, query }) => [
    query,
    { ...limitAnswers[name], messages: runMessages(name, limitAnswers[name].params), waiting: [] as Run[] },
  ]),
);

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { query } = JSON.parse(Buffer.concat(chunks).toString());
    const answer = answers.get(query);
    if (answer === undefined) {
      response.writeHead(400).end();
      return;
    }
    const receiver = answer.receive((body, release) => {
      response.writeHead(200, { "content-type": "application/json; charset=utf-8", "content-length": body.length });
      response.end(body, release);
    });
    const run = { messages: answer.messages, receiver };
    if (answer.together === undefined) {
      leastLoaded().send([run]);
    } else if (answer.waiting.push(run) === 1) {
      setImmediate(sendWaiting, answer.waiting, answer.together);
    }
  });
}).listen(Number(port), "127.0.0.1");

/** Sends the runs of one turn of the event loop. */
function sendWaiting(waiting: Run[], together: number): void {
  while (waiting.length > 0) {
    leastLoaded().send(waiting.splice(0, together));
  }
}

function leastLoaded(): LimitConnection {
  return connections.reduce((least, connection) => (connection.load < least.load ? connection : least));
}
