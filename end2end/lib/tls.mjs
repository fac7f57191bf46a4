// A certificate authority for one test, and a certificate of it for an address.
import { networkInterfaces } from "node:os";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "./process.mjs";

/**
 * Where HTTPS is tried: docker takes any certificate from 127.0.0.0/8, so that only an address of the machine shows
 * whether it trusts ours.
 */
export function machineAddress() {
  const all = Object.values(networkInterfaces()).flat();
  return all.find((each) => each.family === "IPv4" && !each.internal)?.address ?? "127.0.0.1";
}

/** Writes `ca.crt`, `server.crt` and `server.key` for `address` into `folder`. */
export async function writeCertificates(folder, address) {
  const at = (name) => path.join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await run("openssl", ["req", "-x509", ...key, "-days", "30", "-subj", "/CN=Roadstead test authority", "-keyout", at("ca.key"), "-out", at("ca.crt")]);
  await run("openssl", ["req", "-new", ...key, "-subj", `/CN=${address}`, "-keyout", at("server.key"), "-out", at("server.csr")]);
  await writeFile(at("server.ext"), `subjectAltName=IP:${address}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`);
  await run("openssl", ["x509", "-req", "-in", at("server.csr"), "-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "30", "-extfile", at("server.ext"), "-out", at("server.crt")]);
  return { ca: await readFile(at("ca.crt"), "utf8"), caFile: at("ca.crt"), certificate: at("server.crt"), key: at("server.key") };
}
