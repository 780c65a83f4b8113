// What pages can do beyond showing: trying an operation, signing out, and "/" for the search. Without it they still show.

const TOKEN_PATH = "/oauth2/token";
let token = null;

function build(tag, text, ...classes) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.classList.add(...classes);
  return made;
}

async function session() {
  const answer = await fetch("/console/session");
  return answer.ok ? answer.json() : null;
}

async function posted(path, csrf) {
  return fetch(path, {
    method: "POST",
    headers: { "X-CSRF-Token": csrf, "Content-Type": "application/x-www-form-urlencoded" },
  });
}

function basic(client, secret) {
  const bytes = new TextEncoder().encode(`${encodeURIComponent(client)}:${encodeURIComponent(secret)}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

async function byConsumer(form) {
  const given = new FormData(form);
  const answer = await fetch(TOKEN_PATH, {
    method: "POST",
    headers: {
      Authorization: basic(given.get("client"), given.get("secret")),
      "Content-Type": "application/x-www-form-urlencoded",
    },
    body: "grant_type=client_credentials",
  });
  return answer.json();
}

async function byMe() {
  const mine = await session();
  if (mine === null) return { detail: "nobody is signed in" };
  return (await posted("/console/token", mine.csrf_token)).json();
}

function told(form, got, who) {
  token = got.access_token ?? null;
  const why = got.error_description ?? got.detail ?? got.error ?? "no token was given";
  form.querySelector("[data-said]").textContent =
    token === null ? `No token: ${why}.` : `Token of ${who}, for ${got.expires_in} seconds.`;
}

function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const input of form.querySelectorAll("[data-in]")) {
    if (input.value === "") continue;
    if (input.dataset.in === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    if (input.dataset.in === "query") query.set(input.name, input.value);
    if (input.dataset.in === "header") headers[input.name] = input.value;
  }
  if (token !== null && !("public" in form.dataset)) headers.Authorization = `Bearer ${token}`;
  const body = form.elements.namedItem("body")?.value;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const asked = query.size > 0 ? `${path}?${query}` : path;
  return [asked, { method: form.dataset.method, headers, body }];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function send(form) {
  const [path, options] = request(form);
  const shown = form.querySelector("[data-answer]");
  const began = performance.now();
  try {
    const answer = await fetch(path, options);
    const text = await answer.text();
    const milliseconds = Math.round(performance.now() - began);
    const line = build("p", "");
    line.append(build("b", `${answer.status}`, "status", answer.ok ? "ok" : "no"), ` in ${milliseconds} ms, ${path}`);
    const id = answer.headers.get("X-Correlation-Id");
    if (id !== null) line.append(`, correlation ${id}`);
    const body = build("pre", "");
    body.tabIndex = 0;
    body.append(build("code", text === "" ? "(no body)" : pretty(text)));
    shown.replaceChildren(line, body);
  } catch (error) {
    shown.replaceChildren(build("p", `No answer: ${error.message}`));
  }
  freshen(form);
}

function freshen(form) {
  for (const input of form.querySelectorAll("[data-fresh]")) input.value = crypto.randomUUID();
}

for (const form of document.querySelectorAll("[data-credentials]")) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    told(form, await byConsumer(form), form.elements.namedItem("client").value);
  });
  form.querySelector("[data-as-me]")?.addEventListener("click", async () => told(form, await byMe(), "yours"));
}

for (const form of document.querySelectorAll("[data-try]")) {
  form.hidden = false;
  if (globalThis.isSecureContext) freshen(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

for (const button of document.querySelectorAll("[data-sign-out]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const mine = await session();
    if (mine !== null) await posted("/console/sign-out", mine.csrf_token);
    location.reload();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || /^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName)) return;
  event.preventDefault();
  document.getElementById("q")?.focus();
});
