# docker buildx bake: all images for this machine, loaded into its engine.
# docker buildx bake release --push: for both architectures, with provenance and a bill of materials.

variable "REGISTRY" {
  default = "ghcr.io/sonixy"
}

variable "TAG" {
  default = "0.1.0"
}

group "default" {
  targets = ["image"]
}

group "release" {
  targets = ["released"]
}

variable "PROCESSES" {
  default = ["gateway", "notification", "chat", "hub", "bootstrap", "mongodb-sidecar", "redis-sidecar"]
}

target "image" {
  name   = process
  matrix = { process = PROCESSES }

  context    = "."
  dockerfile = "images/Dockerfile"
  target     = process
  tags       = ["${REGISTRY}/sonixy-${process}:${TAG}"]
  labels     = labels_of(process)
  output     = ["type=docker"]
}

target "released" {
  name   = "${process}-released"
  matrix = { process = PROCESSES }

  context    = "."
  dockerfile = "images/Dockerfile"
  target     = process
  tags       = ["${REGISTRY}/sonixy-${process}:${TAG}"]
  labels     = labels_of(process)
  platforms  = ["linux/amd64", "linux/arm64"]
  attest     = ["type=provenance,mode=max", "type=sbom"]
}

function "labels_of" {
  params = [process]
  result = {
    "org.opencontainers.image.title"    = "sonixy-${process}"
    "org.opencontainers.image.version"  = TAG
    "org.opencontainers.image.licenses" = "MIT"
    "org.opencontainers.image.source"   = "https://github.com/sonixy/sonixy-realtime"
  }
}
