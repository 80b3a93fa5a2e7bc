/** Owns the writing of SVG: escaping, elements, and one number format, so that equal drawings are equal bytes. */

/** Attribute values by name; numbers are written with at most two decimals. */
export type Attributes = Readonly<Record<string, string | number>>;

// XML 1.0 section 2.2: these cannot occur in a document, not even escaped.
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udfff]/gu;

/** Escapes text for element content and for attribute values; characters that XML forbids become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(forbidden, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Writes an element whose children are markup already; text goes through `escapeXml` first. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? formatCoordinate(value) : escapeXml(value)}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

/** Writes a coordinate with at most two decimals and never as `-0`. */
export function formatCoordinate(value: number): string {
  return String(Math.round(value * 100) / 100 + 0);
}
