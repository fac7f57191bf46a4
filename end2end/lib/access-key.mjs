// An access key as the command line prints it, and its login key as another program computes it.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

/** `who` is ACCOUNT or ACCOUNT/USER. `file` is its credentials.csv. */
export async function makeAccessKey(registry, who) {
  const { stdout: file } = await registry.call("access-key", "create", who);
  const [header, row] = file.split("\n");
  assert.equal(header, "User Name,Access Key Id,Secret Access Key");
  const [, id, secret] = row.split(",");
  return { id, secret, file, user: `local@${id}`, key: createHmac("sha256", secret).update(id).digest("hex") };
}
