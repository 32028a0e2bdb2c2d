/** What an HTTP answer that is no frame says of why: a code, words for people, and facts. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const codes: Readonly<Record<number, string>> = {
  400: 'VALIDATION',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  413: 'VALIDATION',
};

/** @param body may carry `code` and `message` (or `detail`, RFC 9457) as JSON; a proxy's page carries neither */
export function refusalOf(status: number, body: string): Refusal {
  const told = objectOf(body);
  const [code, message, detail, details] = ['code', 'message', 'detail', 'details'].map((name) => told[name]);
  const words = [message, detail].find((each) => typeof each === 'string');
  return {
    code: typeof code === 'string' ? code : (codes[status] ?? 'INTERNAL'),
    message: typeof words === 'string' ? words : `The server answered with HTTP ${status}.`,
    details: isObject(details) ? details : { status },
  };
}

/** @param value of a `Retry-After` header (RFC 9110 §10.2.3); dates are not looked at */
export function retryAfterOf(value: string | null): number | null {
  return value !== null && /^\d{1,5}$/.test(value) ? Number(value) * 1000 : null;
}

function objectOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
