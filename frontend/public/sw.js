// Shows what was pushed, opens its page when clicked, and tells open pages to look at the bell.
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('push', (event) => event.waitUntil(show(event.data.json())))

async function show({ title, text, link }) {
  await self.registration.showNotification(title, {
    body: text,
    data: { link },
    icon: '/static/icons/any-192.png',
    badge: '/static/icons/badge-96.png',
  })
  for (const page of await pages()) page.postMessage('news')
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(event.notification.data.link))
})

// Only ever a page of ours, whatever the push said.
async function open(link) {
  const url = new URL(link, self.location.origin)
  if (url.origin !== self.location.origin) return
  for (const page of await pages()) {
    if (page.url === url.href) return page.focus()
  }
  await self.clients.openWindow(url.href)
}

function pages() {
  return self.clients.matchAll({ type: 'window', includeUncontrolled: true })
}
