import './app.css'
import htmx from 'htmx.org'
import './bell.js'
import './busy.js'
import './copy.js'
import './dialogs.js'
import './founding.js'
import './passkeys.js'
import './print.js'
import './push.js'
import './reorder.js'
import './sections.js'
import './toasts.js'

Object.assign(htmx.config, {
  // The content security policy allows neither eval nor inline styles.
  allowEval: false,
  includeIndicatorStyles: false,
  scrollIntoViewOnBoost: true,
})
