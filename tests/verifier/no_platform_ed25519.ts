// Preloaded: a platform whose WebCrypto has no Ed25519, as browsers had until lately. SHA stays.
import { webcrypto } from "node:crypto";

webcrypto.subtle.importKey = () => Promise.reject(new DOMException("unrecognized algorithm", "NotSupportedError"));
