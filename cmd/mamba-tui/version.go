package main

import "runtime/debug"

// version is the program's version as the Go toolchain recorded it: the
// module's for an installed program, the commit for one built in its
// repository.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) string {
	var revision, time string
	modified := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.time":
			time = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	if revision != "" {
		v += " " + revision[:min(12, len(revision))]
		if time != "" {
			v += " " + time
		}
		if modified {
			v += " with changes"
		}
	}
	return v
}
