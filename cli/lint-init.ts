/** `kvmnet lint --init`: the files that a repository begins with. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const EXEMPTIONS = `# What is accepted, each with a reason: kvmnet lint --exemptions kvmnet-exemptions.yaml
# Rules: kvmnet lint --list; what one wants: kvmnet lint --explain nic-model-legacy
exemptions: []
#  - rule: nic-model-legacy
#    resource: "router-*" # type and name, name, file, or subject; * stands for any text
#    reason: The router's image has no virtio driver.
#    until: 2027-06-30
`;

const WORKFLOW = `# Judges what a pull request changes, without login: pull requests from forks are checked too.
name: kvmnet
on: pull_request
permissions:
  contents: read
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 22 }
      - run: npx kvmnet lint 'domains/*.xml' --exemptions kvmnet-exemptions.yaml --format text --format github
`;

const FILES = { "kvmnet-exemptions.yaml": EXEMPTIONS, ".github/workflows/kvmnet.yml": WORKFLOW };

/** Never writes over a file. @returns exit status */
export function init(): number {
    for (const [path, text] of Object.entries(FILES)) {
        if (existsSync(path)) {
            process.stdout.write(`${path} is there already, and stays as it is.\n`);
            continue;
        }
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
        process.stdout.write(`${path} is written.\n`);
    }
    process.stdout.write("Name your own files in the workflow in place of 'domains/*.xml'.\n");
    return 0;
}
