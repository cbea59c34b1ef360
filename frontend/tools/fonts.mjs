// Lays the fonts that PDFs are set in into dist/.vite/fonts; no page uses them.
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

const packages = new URL('../node_modules/@expo-google-fonts/', import.meta.url)
// Names are written in any script; of the large ones one weight does.
const files = [
  'noto-sans/400Regular/NotoSans_400Regular.ttf',
  'noto-sans/600SemiBold/NotoSans_600SemiBold.ttf',
  'noto-sans-arabic/400Regular/NotoSansArabic_400Regular.ttf',
  'noto-sans-arabic/600SemiBold/NotoSansArabic_600SemiBold.ttf',
  'noto-sans-jp/400Regular/NotoSansJP_400Regular.ttf',
  'noto-sans-kr/400Regular/NotoSansKR_400Regular.ttf',
  'noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf',
]

export function fonts() {
  return {
    name: 'deskmint-fonts',
    apply: 'build',
    writeBundle({ dir }) {
      const folder = join(dir, '.vite', 'fonts')
      mkdirSync(folder, { recursive: true })
      for (const file of files) {
        copyFileSync(new URL(file, packages), join(folder, file.split('/').at(-1)))
      }
    },
  }
}
