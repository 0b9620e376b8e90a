// Package npz writes and reads NumPy's .npz files as append-only logs.
//
// An .npz is a zip file of .npy arrays. Here every member is STORED, and its
// local header, written before its data, already holds the length and the
// CRC-32 of the data. So each member is complete the moment it is written, and
// the file is a log that can be read at any time, also when the program that
// wrote it was killed: a reader walks the local headers. Close adds the central
// directory that NumPy and other zip programs look for.
//
//	local header of member 0, padded so that its data begins at a multiple of 64
//	data of member 0
//	local header of member 1 …
//	central directory and end record                 only after Close
//
// # What is checked
//
// The CRC-32 of the zip format covers the data of a member. The header has one
// of its own, in an extra field that other programs skip: id 0x544d, then the
// CRC-32 of the header's bytes with this checksum as zero, then zeros as padding.
// The directory follows from the headers and is compared as a whole. So one
// flipped bit anywhere in a file is noticed, by Open or by Bytes.
//
// No length in a file is believed before it was compared with the file's size,
// and the memory that Open takes grows with the number of members alone.
//
// Members are shorter than 4 GiB; files may be longer (zip64 in the directory).
//
// Source of the formats: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.5, and
// NumPy's numpy.lib.format.
package npz
