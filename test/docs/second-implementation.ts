/**
 * A second implementation of the formats, written from docs/FORMAT.md alone: nothing of src/ is imported, so that what
 * agrees with the program is what the document says.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** "Canonical JSON", for data without numbers other than integers. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`;
}

/** "Patch": the id of a patch file. */
export const patchId = sha256;

type Tensor = { dims: number[]; type: string; at: number; length: number };

/** "GGUF": the tensors of a file by name, trusting it. */
export function tensorsOf(file: Buffer): Map<string, Tensor> {
  let at = 8;
  const u32 = () => file.readUInt32LE((at += 4) - 4);
  const u64 = () => Number(file.readBigUInt64LE((at += 8) - 8));
  const text = () => file.toString('latin1', at + 8, (at += 8 + Number(file.readBigUInt64LE(at))));
  const value = (type: number): number | string | undefined => {
    if (type === 8) return text();
    if (type === 4) return u32();
    at += [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8][type];
    if (type !== 9) return undefined;
    const [element, count] = [u32(), u64()];
    for (let i = 0; i < count; i++) value(element);
    return undefined;
  };
  const [tensorCount, entryCount] = [u64(), u64()];
  const metadata = new Map(Array.from({ length: entryCount }, () => [text(), value(u32())]));
  const infos = Array.from({ length: tensorCount }, () => {
    const name = text();
    const dims = Array.from({ length: u32() }, u64);
    const [type, block, bytes] = { 0: ['F32', 1, 4] as const, 41: ['Q1_0', 128, 18] as const }[u32()] as [
      string,
      number,
      number,
    ];
    return { name, dims, type, offset: u64(), length: (dims.reduce((a, b) => a * b) / block) * bytes };
  });
  const alignment = Number(metadata.get('general.alignment') ?? 32);
  const data = Math.ceil(at / alignment) * alignment;
  return new Map(
    infos.map(({ name, dims, type, offset, length }) => [name, { dims, type, at: data + offset, length }]),
  );
}

/** "Weights identity". */
export function weightsId(file: Buffer): string {
  const lines = [...tensorsOf(file)].map(
    ([name, { dims, type, at, length }]) =>
      `${name} ${type} ${dims.join('x')} ${sha256(file.subarray(at, at + length))}\n`,
  );
  return sha256(['bankai weights 1\n', ...lines.sort()].join(''));
}

type Lists = { rows?: number[]; groups?: [number, number][]; scaleBits?: [number, number, number][] };

/** "Masks": XORs a patch into a model. */
export function applyPatch(file: Buffer, patch: string): void {
  const tensors = tensorsOf(file);
  for (const [name, { rows = [], groups = [], scaleBits = [] }] of Object.entries<Lists>(JSON.parse(patch).flips)) {
    const { dims, at } = tensors.get(name) as Tensor;
    const block = (row: number, group: number) => at + ((row * dims[0]) / 128 + group) * 18;
    const invert = (start: number) => file.subarray(start + 2, start + 18).forEach((_, i, signs) => (signs[i] ^= 0xff));
    for (const row of rows) for (let group = 0; group < dims[0] / 128; group++) invert(block(row, group));
    for (const [row, group] of groups) invert(block(row, group));
    for (const [row, group, bit] of scaleBits) file[block(row, group) + (bit >> 3)] ^= 1 << (bit & 7);
  }
}

/** "Envelope": the payload of one that a public key has signed. Throws when it has not. */
export function openEnvelope(envelope: string, publicKeyFile: string): string {
  const { payload, payloadType, signatures } = JSON.parse(envelope);
  const key = Buffer.from(JSON.parse(publicKeyFile).publicKey, 'base64');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url') };
  const body = Buffer.from(payload, 'base64');
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${body.length} `), body]);
  const { sig } = signatures.find(({ keyid }: { keyid: string }) => keyid === sha256(key));
  const good = verify(null, signed, createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(sig, 'base64'));
  if (!good) throw new Error('the signature is bad');
  return body.toString();
}

/** git's id of an object. */
export const gitId = (type: 'blob' | 'commit', content: string): string =>
  createHash('sha1')
    .update(`${type} ${Buffer.byteLength(content)}\0${content}`)
    .digest('hex');
