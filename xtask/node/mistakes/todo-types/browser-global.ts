// refused with: TS2304
export const query = new URL('http://localhost/').search
