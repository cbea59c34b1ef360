// The chart of Revenue by Source. Heights come as minor units; figures come as words, so that the
// chart says what the table says. Arrow keys walk the months, and each is read out.
import { BarController, BarElement, CategoryScale, Chart, LinearScale, LineController, LineElement, PointElement, Tooltip } from 'chart.js'

Chart.register(BarController, BarElement, CategoryScale, LinearScale, LineController, LineElement, PointElement, Tooltip)

/** @typedef {{ name: string, token: string, values: number[], words: string[] }} Series */
/** @typedef {{ currency: string, exponent: number, labels: string[][], months: string[], series: Series[], total: { name: string, words: string[] }, before: Series | null }} Revenue */

const GAP = 2

/** @param {string} name */
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/**
 * A figure whose minus stays before it between words that run from right to left.
 * @param {string} figure
 */
const isolated = (figure) => `\u2066${figure}\u2069`

class RevenueChart {
  /** @param {HTMLElement} frame */
  constructor(frame) {
    this.frame = frame
    const written = document.getElementById(frame.dataset.chart ?? '')
    /** @type {Revenue} */
    this.revenue = JSON.parse(written?.textContent ?? '')
    /** The month that the keyboard is at; before the first one, none. */
    this.place = -1
    this.chart = this.draw()
    frame.addEventListener('keydown', (event) => this.walk(event))
    frame.addEventListener('blur', () => this.show(-1))
  }

  redraw() {
    this.chart.destroy()
    this.chart = this.draw()
  }

  draw() {
    const canvas = /** @type {HTMLCanvasElement} */ (this.frame.querySelector('canvas'))
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily
    return new Chart(canvas, {
      type: /** @type {'bar'} */ ('bar'),
      data: { labels: this.revenue.labels, datasets: this.datasets() },
      options: this.options(),
    })
  }

  datasets() {
    const surface = token('--color-base-100')
    const bars = this.revenue.series.map((series) => ({
      label: series.name,
      data: series.values,
      stack: 'now',
      backgroundColor: token(series.token),
      borderColor: surface,
      borderWidth: { top: GAP },
      borderSkipped: false,
      borderRadius: 3,
      maxBarThickness: 36,
      categoryPercentage: 0.72,
    }))
    const { before } = this.revenue
    if (!before) return bars
    const ink = token(before.token)
    const line = { type: 'line', label: before.name, data: before.values, stack: 'before', order: -1, borderColor: ink, backgroundColor: surface, borderWidth: 2, borderDash: [4, 4], pointRadius: 3, pointBorderColor: ink, pointBackgroundColor: surface }
    return [...bars, /** @type {any} */ (line)]
  }

  /** @returns {import('chart.js').ChartOptions<'bar'>} */
  options() {
    const rtl = document.documentElement.dir === 'rtl'
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    const ink = token('--dm-muted')
    const line = token('--color-base-300')
    return {
      animation: still ? false : { duration: 350 },
      maintainAspectRatio: false,
      interaction: { mode: 'index', intersect: false },
      plugins: { tooltip: this.tooltip(rtl) },
      scales: {
        x: { stacked: true, reverse: rtl, grid: { display: false }, border: { color: line }, ticks: { color: ink, maxRotation: 0, autoSkipPadding: 10 } },
        y: {
          stacked: true,
          position: rtl ? 'right' : 'left',
          border: { display: false },
          grid: { drawTicks: false, color: (context) => (context.tick.value === 0 ? ink : line) },
          ticks: { color: ink, padding: 8, maxTicksLimit: 6, callback: (minor) => this.roughly(Number(minor)) },
        },
      },
    }
  }

  /**
   * @param {boolean} rtl
   * @returns {any}
   */
  tooltip(rtl) {
    return {
      rtl,
      textDirection: rtl ? 'rtl' : 'ltr',
      backgroundColor: token('--color-neutral'),
      titleColor: token('--color-neutral-content'),
      bodyColor: token('--color-neutral-content'),
      footerColor: token('--color-neutral-content'),
      padding: 12,
      cornerRadius: 10,
      boxPadding: 6,
      usePointStyle: true,
      /** @type {(a: { datasetIndex: number }, b: { datasetIndex: number }) => number} */
      itemSort: (a, b) => b.datasetIndex - a.datasetIndex,
      callbacks: {
        /** @type {(items: { dataIndex: number }[]) => string} */
        title: (items) => this.revenue.months[items[0].dataIndex],
        /** @type {(item: { datasetIndex: number, dataIndex: number }) => string} */
        label: (item) => ` ${this.rows(item.dataIndex)[item.datasetIndex]}`,
        /** @type {(items: { dataIndex: number }[]) => string} */
        footer: (items) => `${this.revenue.total.name}  ${isolated(this.revenue.total.words[items[0].dataIndex])}`,
      },
    }
  }

  /**
   * The figures of a month, one in a row.
   * @param {number} place
   */
  rows(place) {
    const { series, before } = this.revenue
    return [...series, ...(before ? [before] : [])].map((part) => `${part.name}  ${isolated(part.words[place])}`)
  }

  /**
   * A figure beside the axis: short, for reading only.
   * @param {number} minor
   */
  roughly(minor) {
    const { currency, exponent } = this.revenue
    const form = new Intl.NumberFormat(document.documentElement.lang, { style: 'currency', currency, notation: 'compact', minimumFractionDigits: 0, maximumFractionDigits: 1 })
    return isolated(form.format(minor / 10 ** exponent).replace('-', '−'))
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const last = this.revenue.months.length - 1
    const forward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
    const backward = forward === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft'
    const from = this.place
    /** @type {Record<string, number>} */
    const places = { [forward]: Math.min(last, from + 1), [backward]: from < 0 ? last : Math.max(0, from - 1), Home: 0, End: last, Escape: -1 }
    if (!(event.key in places)) return
    event.preventDefault()
    this.show(places[event.key])
  }

  /** @param {number} place */
  show(place) {
    this.place = place
    const at = place < 0 ? [] : this.chart.data.datasets.map((_, datasetIndex) => ({ datasetIndex, index: place }))
    this.chart.setActiveElements(at)
    this.chart.tooltip?.setActiveElements(at, { x: 0, y: 0 })
    this.chart.update('none')
    this.say(place)
  }

  /** @param {number} place */
  say(place) {
    const status = this.frame.querySelector('[role=status]')
    if (!status) return
    const { months, total } = this.revenue
    status.textContent = place < 0 ? '' : [months[place], ...this.rows(place), `${total.name}  ${isolated(total.words[place])}`].join(', ')
  }
}

const charts = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-chart]'))].map((frame) => new RevenueChart(frame))
const redraw = () => charts.forEach((chart) => chart.redraw())
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ['data-theme', 'dir'] })
document.fonts.ready.then(redraw)
