/** The chat's page. A tab is a visitor of its own: what it has to remember is in its session storage. */
import { ask, subscribe } from "./graphql.js";

const element = (id) => document.getElementById(id);
const [dialog, nameForm, nameField, nameProblem] = ["enter", "name-form", "name", "name-problem"].map(element);
const [messages, people, typing, status] = ["messages", "people", "typing", "status"].map(element);
const [form, body] = ["form", "body"].map(element);

let visitor = null;
let lastMessage = 0;
let typingTimer;
let typedAt = 0;

subscribe(
  [
    ["subscription { messages { id author body sent_at } }", (data) => showMessages(data.messages)],
    ["subscription { people }", (data) => showPeople(data.people)],
    ["subscription { typing }", (data) => showTyping(data.typing)],
  ],
  (connected) => {
    status.textContent = connected ? "" : "Not connected: trying again…";
  },
);

const myName = () => sessionStorage.getItem("name");

/** Enters the room, or stays in it. */
async function here() {
  if (myName() !== null) {
    const data = await ask("mutation ($name: String!, $visitor: UUID) { here(name: $name, visitor: $visitor) }", {
      name: myName(),
      visitor,
    });
    visitor = data.here;
  }
}

/** It is tried again anyhow where it fails. */
const stay = () => here().catch(reportError);

setInterval(stay, 30_000);
addEventListener("pageshow", stay); // at first, and when the browser had put the page aside
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    void stay(); // timers of hidden pages are slow
  }
});
addEventListener("pagehide", () => {
  if (visitor !== null) {
    // keepalive: it is sent although the page is gone.
    void ask("mutation ($visitor: UUID!) { leave(visitor: $visitor) }", { visitor }, { keepalive: true });
    visitor = null;
  }
});

if (myName() === null) {
  dialog.showModal();
}
dialog.addEventListener("cancel", (event) => event.preventDefault());
nameForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  sessionStorage.setItem("name", nameField.value);
  try {
    await here();
    dialog.close();
    body.focus();
  } catch (error) {
    sessionStorage.removeItem("name");
    nameProblem.textContent = error.message;
  }
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = body.value;
  body.value = "";
  try {
    // Null: this page was taken for gone, such as after its computer has slept.
    if ((await say(text)) === null) {
      await here();
      await say(text);
    }
  } catch (error) {
    body.value ||= text;
    status.textContent = error.message;
  }
});

async function say(text) {
  const query = "mutation ($visitor: UUID!, $body: String!) { say(visitor: $visitor, body: $body) { id } }";
  return (await ask(query, { visitor, body: text })).say;
}

body.addEventListener("input", () => {
  if (visitor !== null && body.value !== "" && Date.now() - typedAt > 2_000) {
    typedAt = Date.now();
    ask("mutation ($visitor: UUID!) { type(visitor: $visitor) }", { visitor }).catch(() => undefined);
  }
});

/** Adds those that are new: each answer has the newest of all. */
function showMessages(all) {
  const atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 40;
  for (const message of all.filter(({ id }) => id > lastMessage)) {
    const item = document.createElement("li");
    item.classList.toggle("mine", message.author === myName());
    item.append(textOf("b", message.author), timeOf(message.sent_at), textOf("p", message.body));
    messages.append(item);
    lastMessage = message.id;
    if (message.author !== myName()) {
      typing.textContent = "";
    }
  }
  if (atEnd) {
    messages.scrollTop = messages.scrollHeight;
  }
}

function showPeople(names) {
  people.replaceChildren(...names.map((name) => textOf("li", name)));
}

function showTyping(name) {
  if (name !== myName()) {
    typing.textContent = `${name} is typing…`;
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => {
      typing.textContent = "";
    }, 3_000);
  }
}

function timeOf(sentAt) {
  const time = textOf("time", new Date(sentAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = sentAt;
  return time;
}

function textOf(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
