// The rival of the benchmark "tokenize": Hugging Face's tokenizers (npm package "tokenizers"), one text at a time. The benchmark starts it.
//
//     node tokenize.mjs FOLDER_WITH_NODE_MODULES TOKENIZER.json TEXTS.json PASSES
//
// Prints one JSON object: processor seconds of the first pass and of the best of the others, and the number of ids of a pass.
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'

const [packages, tokenizerFile, textsFile, passes] = process.argv.slice(2)
const require = createRequire(path.join(path.resolve(packages), 'package.json'))
const { Tokenizer } = require('tokenizers')
const tokenizer = Tokenizer.fromFile(tokenizerFile)
const texts = JSON.parse(fs.readFileSync(textsFile, 'utf8'))
const seconds = []
let ids = 0
for (let pass = 0; pass < Number(passes); pass++) {
  ids = 0
  const before = process.cpuUsage()
  for (const text of texts) {
    ids += (await tokenizer.encode(text)).getIds().length
  }

  const used = process.cpuUsage(before)
  seconds.push((used.user + used.system) / 1e6)
}

console.log(JSON.stringify({ cold: seconds[0], warm: Math.min(...seconds.slice(1)), ids }))
