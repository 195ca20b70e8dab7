// Write every payment of the portal into a ledger of your own: copy this file and make it yours.
//
// It needs Node.js 20 and one library (`npm install amqplib`), nothing of the portal.
//
//     AMQP_URL=amqp://user:password@broker:5672/ node reconciliation_consumer.mjs ledger.ndjson
//
// EXCHANGE is `payments.events` where nothing is said; a body with a user of its own at the broker has an exchange of its
// own, PM108.events, and queues whose names begin with `PM108.` (QUEUE).
//
// What you can rely on:
// - The portal says PaymentConfirmed once per receipt of pagoPA, but a message may arrive more than once. The ledger's key
//   makes the second one change nothing: one line per receipt, whatever is killed when.
// - A message is acknowledged only after its line is on the disk. Kill this program at any moment and start it again:
//   nothing is lost, nothing is there twice.
// - The queue is durable and belongs to this program: while it is down, messages wait there.
// - Order is not promised: PaymentDuplicated and PaymentReported may come before the PaymentConfirmed of their receipt.
//   Each is a line of its own; join them by `receipt_id` when you read.
//
// The ledger is a file of JSON lines here. Replace the class Ledger by your own accounting, keeping its keys.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import amqp from "amqplib";

const AMQP_URL = process.env.AMQP_URL ?? "amqp://guest:guest@127.0.0.1:5672/";
const EXCHANGE = process.env.EXCHANGE ?? "payments.events";
// Two programs with different queue names each get every message; with the same name they share the work.
const QUEUE = process.env.QUEUE ?? "reconciliation.node";
const LEDGER = process.argv[2] ?? "ledger.ndjson";
const LONGEST_PAUSE_S = 30;

// By type, which fields tell one fact from another.
const KEYS = {
  "PaymentConfirmed.v1": ["creditor_fiscal_code", "receipt_id"],
  "PaymentDuplicated.v1": ["receipt_id", "notice_number"],
  "PaymentReported.v1": ["receipt_id", "practice_id"],
};

class Ledger {
  constructor(file) {
    this.known = new Set();
    this.read(file);
    this.file = openSync(file, "a");
  }

  // A line that was cut off by a kill was never acknowledged: it is taken away, and its message comes again.
  read(file) {
    if (!existsSync(file)) return;
    const content = readFileSync(file);
    const whole = content.lastIndexOf("\n") + 1;
    if (whole < content.length) truncateSync(file, whole);
    for (const line of content.subarray(0, whole).toString("utf8").split("\n")) {
      if (line) this.known.add(JSON.parse(line).key);
    }
  }

  // Write what one event says; false when it was there already. On the disk when this returns.
  write(event) {
    const fields = KEYS[event.type];
    if (!fields) throw new TypeError(`${event.type} is not for the ledger`);
    const parts = fields.map((name) => event.data[name]);
    if (parts.some((part) => typeof part !== "string")) throw new TypeError(`${event.type} without its key`);
    const key = [event.type, ...parts].join(" ");
    if (this.known.has(key)) return false;
    this.append({ key, type: event.type, event_id: event.id, ...event.data });
    this.known.add(key);
    return true;
  }

  // Keep a message that cannot be a line of its own, for somebody to look at: it must not block the ones behind it.
  setAside(body, why) {
    this.append({ key: `set_aside ${Date.now()} ${Math.random()}`, type: "set_aside", body, why });
  }

  append(line) {
    writeSync(this.file, `${JSON.stringify(line)}\n`);
    fsyncSync(this.file);
  }

  close() {
    closeSync(this.file);
  }
}

// Turn one message into one line, then acknowledge it. What throws besides leaves the message with the broker.
function handle(ledger, channel, message) {
  const text = message.content.toString("utf8");
  let outcome;
  try {
    const event = JSON.parse(text);
    outcome = ledger.write(event) ? `wrote ${event.type}` : `had already ${event.type}`;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    ledger.setAside(text, String(error));
    outcome = `set aside a message: ${error}`;
  }
  say(outcome);
  channel.ack(message);
}

// Read the queue until the connection is lost.
async function consume(ledger) {
  const connection = await amqp.connect(AMQP_URL, { timeout: 5000, heartbeat: 10 });
  const lost = new Promise((resolve) => {
    connection.on("error", resolve);
    connection.on("close", resolve);
  });
  const channel = await connection.createChannel();
  channel.on("error", () => {}); // the connection goes with it
  try {
    await channel.assertQueue(QUEUE, { durable: true });
    // The exchange is the portal's: it is not declared here.
    for (const type of Object.keys(KEYS)) await channel.bindQueue(QUEUE, EXCHANGE, type);
    // A few at a time: what is not acknowledged when we die is delivered again.
    await channel.prefetch(20);
    await channel.consume(QUEUE, (message) => message && handle(ledger, channel, message));
    say(`waiting for payments in ${QUEUE}`);
    await lost;
  } finally {
    await connection.close().catch(() => {});
  }
}

function say(text) {
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
}

const ledger = new Ledger(LEDGER);
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    ledger.close(); // nothing else needs to be saved, see above
    process.exit(0);
  });
}
for (let seconds = 1; ; seconds = Math.min(seconds * 2, LONGEST_PAUSE_S)) {
  const began = Date.now();
  try {
    await consume(ledger);
  } catch (error) {
    say(`lost ${error.code ?? error.name}`);
  }
  if (Date.now() - began > LONGEST_PAUSE_S * 1000) seconds = 1;
  say(`again in ${seconds} s`);
  await pause(seconds * 1000);
}
