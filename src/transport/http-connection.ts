/** Owns git's smart protocol over HTTP (gitprotocol-http, gitprotocol-pack), version 0, which every server speaks. */
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RemoteError } from '../errors.js';
import { walkHistory } from '../repo/history.js';
import { asCommitId, type CommitId } from '../repo/ids.js';
import { indexPack } from '../repo/index-pack.js';
import { listOutgoing } from '../repo/outgoing.js';
import { hasObject, readObject } from '../repo/read-object.js';
import { listRefs } from '../repo/refs.js';
import type { Repository } from '../repo/repository.js';
import { writePackToSend } from '../repo/send-pack.js';
import type { HttpSettings } from './configured.js';
import type {
  Advertisement,
  Connection,
  ConnectionOptions,
  RefUpdate,
  RemoteRef,
  UpdateResults,
} from './connection.js';
import { createHttpClient, type HttpClient } from './http.js';
import type { RequestBody } from './http-exchange.js';
import { FLUSH, garbled, pktLine, type PktReader, readPktLines } from './pkt-line.js';
import { createTalk } from './talk.js';

type Service = 'git-upload-pack' | 'git-receive-pack';

/** Of the newest commits we have, how many a server is told; it sends what they do not reach. */
const HAVE_LIMIT = 2048;
/** The most that a server may send of objects, and of anything else. */
const PACK_BYTES = 2 ** 31;
const TALK_BYTES = 2 ** 26;
const NO_OBJECT = '0'.repeat(40);

/** An advertisement, with what the server can do and where it turned out to be. */
interface HttpAdvertisement extends Advertisement {
  readonly base: URL;
  readonly capabilities: ReadonlySet<string>;
}

/** Connects over HTTP: nothing is sent before something is asked. */
export function connectHttp(url: URL, options: ConnectionOptions, configured?: (url: URL) => HttpSettings): Connection {
  const { byteLimit = PACK_BYTES } = options;
  const talkLimit = Math.min(byteLimit, TALK_BYTES);
  const client = createHttpClient(url, options, configured);
  const offers = new Map<Service, HttpAdvertisement>();
  const discover = async (service: Service): Promise<HttpAdvertisement> => {
    const offer = await readAdvertisement(client, url, service, talkLimit);
    offers.set(service, offer);
    return offer;
  };
  return {
    advertised: () => discover('git-upload-pack'),
    pushable: () => discover('git-receive-pack'),
    async fetch(repository, refs, quarantine) {
      const offer = offers.get('git-upload-pack') ?? (await discover('git-upload-pack'));
      const wants = [...new Set([...refs.values()].map(({ oid }) => oid))];
      const body = Buffer.concat([
        ...wants.map((oid, i) => pktLine(`want ${oid}${i === 0 ? ` ${fetchCapabilities(offer)}` : ''}\n`)),
        FLUSH,
        ...(await ownCommits(repository)).map((id) => pktLine(`have ${id}\n`)),
        pktLine('done\n'),
      ]);
      const lines = await call(client, offer.base, 'git-upload-pack', bufferBody('git-upload-pack', body), byteLimit);
      const path = join(quarantine.packDirectory, 'incoming.pack');
      const pack = Readable.from(counted(afterAcknowledgements(lines), options));
      await pipeline(pack, createWriteStream(path, { flags: 'wx' }));
      const bytes = statSync(path).size;
      const index = join(quarantine.packDirectory, 'incoming.idx');
      const { checksum, objects } = await indexPack(path, index, () => options.signal?.throwIfAborted());
      const name = join(quarantine.packDirectory, `pack-${checksum}`);
      await rename(path, `${name}.pack`);
      await rename(index, `${name}.idx`);
      // A pack without objects says that there was nothing to send.
      if (objects === 0) await Promise.all(['pack', 'idx'].map((ending) => rm(`${name}.${ending}`)));
      return bytes;
    },
    async push(repository, updates, there, quarantine) {
      const offer = offers.get('git-receive-pack') ?? (await discover('git-receive-pack'));
      const path = join(quarantine.directory, 'outgoing.pack');
      const wanted = updates.flatMap(({ to }) => to ?? []);
      // A server takes no pack where refs only go.
      const packed = wanted.length > 0;
      if (packed) await writePackToSend(repository, await outgoing(repository, wanted, there), path, options.signal);
      const head = Buffer.concat([...updates.map((update, i) => commandLine(update, i === 0, offer)), FLUSH]);
      const length = head.length + (packed ? statSync(path).size : 0);
      const body: RequestBody = {
        type: 'application/x-git-receive-pack-request',
        length,
        open: () => Readable.from(counted(concatenated(head, packed ? createReadStream(path) : undefined), options)),
      };
      const lines = await call(client, offer.base, 'git-receive-pack', body, talkLimit);
      const talk = createTalk();
      const apart = offer.capabilities.has('side-band-64k') ? demultiplex(lines, { onTalk: talk.hear }) : undefined;
      const report = apart ? readPktLines(apart) : lines;
      const results = await readReport(report, updates);
      // Hooks that run afterwards talk afterwards; whatever becomes of them, the refs have moved.
      if (apart) await listenToTheEnd(report).catch(() => undefined);
      return { results, said: talk.said() };
    },
  };
}

async function readAdvertisement(
  client: HttpClient,
  url: URL,
  service: Service,
  byteLimit: number,
): Promise<HttpAdvertisement> {
  const asked = new URL(url);
  asked.pathname = `${asked.pathname.replace(/\/+$/, '')}/info/refs`;
  asked.searchParams.set('service', service);
  const accept = `application/x-${service}-advertisement, */*`;
  const { url: from, type, body } = await client.send({ url: asked, accept, byteLimit });
  if (type.split(';')[0] !== `application/x-${service}-advertisement`) throw noRepository(url);
  if (!from.pathname.endsWith('/info/refs')) throw garbled('it leads to something that is no repository');
  const base = new URL(from);
  base.pathname = base.pathname.slice(0, -'/info/refs'.length);
  base.searchParams.delete('service');
  [base.username, base.password] = base.host === url.host ? [url.username, url.password] : ['', ''];
  const lines = readPktLines(body);
  let first = await nextText(lines);
  if (first?.startsWith('# service=')) {
    if ((await lines.next()) === 'done') throw garbled('it says nothing of its refs');
    first = await nextText(lines);
  }
  const offer = { base, ...(await parseRefs(first, lines)) };
  await listenToTheEnd(lines);
  return offer;
}

async function parseRefs(first: string | undefined, lines: PktReader): Promise<Omit<HttpAdvertisement, 'base'>> {
  const refs = new Map<string, RemoteRef>();
  let capabilities: string[] = [];
  for (let line = first, at = 0; line !== undefined; line = await nextText(lines), at++) {
    const [text, list] = line.split('\0');
    if (at === 0) capabilities = (list ?? '').trim().split(' ');
    if (text.startsWith('ERR ')) throw failed(text.slice(4));
    if (/^shallow /.test(text)) throw shallow();
    const [, oid, name] = /^([0-9a-f]{40}) (\S+)$/.exec(text) ?? [];
    if (oid === undefined) throw garbled(/^[0-9a-f]{64} /.test(text) ? 'it uses SHA-256' : 'it names no refs');
    const tag = name.endsWith('^{}') ? name.slice(0, -3) : undefined;
    const tagged = tag === undefined ? undefined : refs.get(tag);
    if (tag !== undefined && tagged) refs.set(tag, { ...tagged, peeled: oid });
    // A repository without refs names none that is called so.
    else if (name !== 'capabilities^{}' && name !== 'HEAD') refs.set(name, { oid });
  }
  const format = capabilities.find((capability) => capability.startsWith('object-format='));
  if (format !== undefined && format !== 'object-format=sha1') throw sha256();
  const head = capabilities.find((capability) => capability.startsWith('symref=HEAD:'))?.slice('symref=HEAD:'.length);
  return { refs, capabilities: new Set(capabilities), ...(head !== undefined && { head }) };
}

function fetchCapabilities({ capabilities }: HttpAdvertisement): string {
  if (!capabilities.has('side-band-64k')) throw garbled('it does not know side-band-64k');
  const wished = ['side-band-64k', 'ofs-delta', 'no-progress'].filter((name) => capabilities.has(name));
  return [...wished, 'agent=bankai'].join(' ');
}

/** The newest commits that our refs lead to. */
async function ownCommits(repository: Repository): Promise<CommitId[]> {
  const found = new Set<CommitId>();
  const tips = new Set([...listRefs(repository, 'refs/').values()]);
  for (const tip of tips) {
    if (found.size >= HAVE_LIMIT) break;
    if (found.has(asCommitId(tip)) || readObject(repository, tip).type !== 'commit') continue;
    for (const { id } of walkHistory(repository, asCommitId(tip))) {
      if (found.has(id) || found.size >= HAVE_LIMIT) break;
      found.add(id);
    }
  }
  return [...found];
}

/** With `done` a server says what it has in common with us, in one line or several, and sends. */
async function* afterAcknowledgements(lines: PktReader): AsyncGenerator<Buffer> {
  for (let acknowledged = false; ;) {
    const next = await lines.next();
    const text = next === 'done' ? undefined : next.line?.toString('latin1', 0, 64);
    if (text === undefined || next === 'done' || next.line === undefined) throw garbled('it sends no objects');
    if (text.startsWith('ERR ')) throw failed(next.line.toString('utf8', 4));
    if (/^(NAK|ACK [0-9a-f]{40})\n?$/.test(text)) acknowledged = true;
    else if (!acknowledged) throw garbled('it answers something else than was asked');
    else {
      yield* demultiplex(lines, { first: next.line });
      return listenToTheEnd(lines);
    }
  }
}

/** Takes the channels of an answer apart: 1 is data, 2 is talk, 3 is the reason why it stops. */
async function* demultiplex(
  lines: PktReader,
  { first, onTalk }: { first?: Buffer; onTalk?: (bytes: Uint8Array) => void },
): AsyncGenerator<Buffer> {
  for (let given = first; ; given = undefined) {
    const next = given ? { line: given } : await lines.next();
    if (next === 'done') throw garbled('its answer ends too soon');
    if (next.line === undefined) return;
    if (next.line[0] === 1) yield next.line.subarray(1);
    else if (next.line[0] === 3) throw failed(next.line.toString('utf8', 1));
    else if (next.line[0] === 2) onTalk?.(next.line.subarray(1));
    else throw garbled('it uses a channel that does not exist');
  }
}

/** Hears an answer out: one that is left where it is holds its connection, and the program with it. */
async function listenToTheEnd(lines: PktReader): Promise<void> {
  while ((await lines.next()) !== 'done');
}

async function* counted(chunks: AsyncIterable<Uint8Array>, { onBytes }: ConnectionOptions): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    onBytes?.(bytes);
    yield chunk;
  }
}

async function* concatenated(head: Buffer, rest: AsyncIterable<unknown> | undefined): AsyncGenerator<Uint8Array> {
  yield head;
  if (rest) for await (const chunk of rest) yield chunk as Uint8Array;
}

/** What the other side lacks; of its commits only those are known that we have too. */
async function outgoing(repository: Repository, wanted: readonly string[], there: Advertisement): Promise<string[]> {
  const known = [...there.refs.values()]
    .map(({ oid, peeled = oid }) => peeled)
    .filter((oid) => hasObject(repository, oid) && readObject(repository, oid).type === 'commit');
  return listOutgoing(repository, wanted, known as CommitId[]);
}

function commandLine({ ref, from, to }: RefUpdate, first: boolean, { capabilities }: HttpAdvertisement): Buffer {
  const wished = ['report-status', 'side-band-64k', 'delete-refs', 'quiet'].filter((name) => capabilities.has(name));
  const list = first ? `\0 ${[...wished, 'agent=bankai'].join(' ')}` : '';
  return pktLine(`${from ?? NO_OBJECT} ${to ?? NO_OBJECT} ${ref}${list}`);
}

async function readReport(lines: PktReader, updates: readonly RefUpdate[]): Promise<UpdateResults> {
  const unpacked = await nextText(lines);
  if (unpacked === undefined) throw garbled('it does not say whether it took anything');
  if (unpacked !== 'unpack ok') throw failed(unpacked.replace(/^unpack /, ''));
  const results = new Map<string, string | undefined>();
  for (let line = await nextText(lines); line !== undefined; line = await nextText(lines)) {
    const [, verdict, ref, reason] = /^(ok|ng) (\S+)(?: (.*))?$/.exec(line) ?? [];
    // A server may speak of refs that nobody asked for.
    if (updates.some((update) => update.ref === ref))
      results.set(ref, verdict === 'ok' ? undefined : (reason ?? 'refused'));
  }
  for (const { ref } of updates) if (!results.has(ref)) results.set(ref, 'the remote says nothing of it');
  return results;
}

async function call(
  client: HttpClient,
  base: URL,
  service: Service,
  body: RequestBody,
  byteLimit: number,
): Promise<PktReader> {
  const url = new URL(base);
  url.pathname = `${url.pathname}/${service}`;
  const { type, body: answer } = await client.send({ url, accept: `application/x-${service}-result`, body, byteLimit });
  if (type.split(';')[0] !== `application/x-${service}-result`) throw garbled(`it answers with "${type}"`);
  return readPktLines(answer);
}

const bufferBody = (service: Service, bytes: Buffer): RequestBody => ({
  type: `application/x-${service}-request`,
  length: bytes.length,
  open: () => Readable.from([bytes]),
});

/** The next line without its line feed; undefined at the end of a list. */
async function nextText(lines: PktReader): Promise<string | undefined> {
  const next = await lines.next();
  return next === 'done' ? undefined : next.line?.toString('utf8').replace(/\n$/, '');
}

function failed(reason: string): RemoteError {
  return new RemoteError('REMOTE_FAILED', `The remote says: ${reason.trim()}`, {
    hint: 'Nothing was changed. Ask whoever looks after it, or try again later.',
  });
}

function noRepository(url: URL): RemoteError {
  return new RemoteError('REMOTE_PROTOCOL', `${url.host}${url.pathname} is no git repository that answers over HTTP`, {
    hint: 'Check the address. Where it is one, its server must offer the smart protocol ("git http-backend").',
  });
}

const unsupportedRemote = (fact: string): RemoteError =>
  new RemoteError('REMOTE_UNSUPPORTED', `Cannot use the remote: ${fact}`, {
    hint: 'Use a complete SHA-1 repository: that is what "bankai init" and "git init" make.',
  });
const shallow = (): RemoteError => unsupportedRemote('it is shallow, its history is not whole');
const sha256 = (): RemoteError => unsupportedRemote('it uses SHA-256');
