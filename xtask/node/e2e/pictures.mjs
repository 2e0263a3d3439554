// Pictures to choose: real PNGs, made here.
import crypto from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'

/** One colour: a small file. */
export function plainPicture(name, width, height) {
  return picture(name, width, height, Buffer.alloc(width * height * 3, 120))
}

/** Noise, which cannot be compressed: three bytes for a pixel. */
export function noisyPicture(name, width, height) {
  return picture(name, width, height, crypto.randomBytes(width * height * 3))
}

/** A file on the disk, of zeros; gone when this process ends. Gives its path. */
export function largeFile(name, size) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'queqiao-large-'))
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, name)
  fs.writeFileSync(file, '')
  fs.truncateSync(file, size)
  return file
}

// https://www.w3.org/TR/png-3/: eight bits of red, green and blue, each row without a filter.
function picture(name, width, height, pixels) {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const rows = Array.from({ length: height }, (_, row) => [Buffer.from([0]), pixels.subarray(row * width * 3, (row + 1) * width * 3)]).flat()
  const parts = [chunk('IHDR', header), chunk('IDAT', zlib.deflateSync(Buffer.concat(rows))), chunk('IEND', Buffer.alloc(0))]
  const buffer = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...parts])
  return { name, mimeType: 'image/png', buffer }
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(data.length, 0)
  ends.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)])
}

function crc32(bytes) {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
