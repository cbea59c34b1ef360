// Writes dist/.vite/icons.json: the drawing of every lucide icon by name, for {% icon %} to inline.
import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../node_modules/lucide-static/icons/', import.meta.url)

function drawing(file) {
  const svg = readFileSync(new URL(file, folder), 'utf8').replace(/<!--[\s\S]*?-->/g, '')
  return svg.match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1].replace(/\s+/g, ' ').trim()
}

export function icons() {
  return {
    name: 'deskmint-icons',
    apply: 'build',
    generateBundle() {
      const files = readdirSync(folder).filter((file) => file.endsWith('.svg'))
      const drawings = Object.fromEntries(files.map((file) => [file.slice(0, -4), drawing(file)]))
      this.emitFile({ type: 'asset', fileName: '.vite/icons.json', source: JSON.stringify(drawings) })
    },
  }
}
