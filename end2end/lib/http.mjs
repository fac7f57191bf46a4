// Requests as they travel: nothing is followed, decompressed or trusted beyond the given certificate.
import http from "node:http";
import https from "node:https";

/** `ca` is the PEM that vouches for an `https:` address. Resolves with whatever the server answers. */
export function send(address, { method = "GET", headers = {}, body, ca, agent } = {}) {
  const url = new URL(address);
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const start = performance.now();
    const request = (url.protocol === "https:" ? https : http).request(url, { method, agent, ca, headers: { ...headers, ...length } }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode, headers: response.headers, bytes, text: bytes.toString(), took: performance.now() - start });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** What a form, a cookie jar and a page without scripts give: the console as a person without a browser's machinery. */
export async function consoleOf(registry, { account, password }) {
  const cookies = new Map();
  const ask = async (path, options = {}) => {
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const answer = await send(registry.url + path, { ...options, ca: registry.ca, headers: { accept: "text/html", cookie, ...options.headers } });
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      cookies.set(name, value);
    }
    return answer;
  };
  await ask("/signin");
  const form = new URLSearchParams({ account, password, _csrf: cookies.get("rs_csrf") ?? "" }).toString();
  const answer = await ask("/console/call/signin", {
    method: "POST", body: form, headers: { "content-type": "application/x-www-form-urlencoded", origin: registry.url },
  });
  if (![200, 302, 303].includes(answer.status)) throw new Error(`sign-in: ${answer.status} ${answer.text}`);
  return {
    ask,
    cookie: () => [...cookies].map((pair) => pair.join("=")).join("; "),
    /** The line that the login dialog gives for `client`, as it is copied. */
    async loginCommand(client) {
      const page = await ask(`/overview?dialog=login&client=${client}`);
      const line = page.text.match(/data-testid="login\.plain\.text"[^>]*>([^<]+)</)?.[1];
      if (!line) throw new Error(`no login command for ${client}: ${page.status}\n${page.text.slice(0, 2000)}`);
      return line.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#x27;", "'").replaceAll("&amp;", "&");
    },
  };
}
