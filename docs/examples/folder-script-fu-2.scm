; A folder of photos through Semantic Paint, with Script-Fu in GIMP 2.10.
;
;   gimp-console -i -d -f -b '(load "folder-script-fu-2.scm")' \
;     -b '(semantic-paint-folder "photos" "results" "tree" "high" 0 -1)' -b '(gimp-quit 1)'
;
; Takes every NAME.png that has strokes in NAME-strokes.png beside it: a picture of the photo's size, painted where
; the concept is to go and transparent elsewhere. Writes NAME.xcf, whose new layer can be rendered again, and NAME.png.
; After the folders: the concept, the strength, the seed, and the steps (-1: the default).
; GIMP 2.10's exit status is always 0: look for the files.

(define (semantic-paint-file photo-path strokes-path stem concept strength seed steps)
  (let* ((image (car (gimp-file-load RUN-NONINTERACTIVE photo-path photo-path)))
         (photo (car (gimp-image-get-active-layer image)))
         (strokes (car (gimp-file-load-layer RUN-NONINTERACTIVE image strokes-path)))
         (xcf (string-append stem ".xcf"))
         (png (string-append stem ".png")))
    (gimp-image-insert-layer image strokes 0 0)
    (gimp-item-set-visible strokes FALSE)
    (plug-in-semantic-paint RUN-NONINTERACTIVE image photo strokes concept "add" strength -1 steps seed "")
    (gimp-xcf-save 0 image photo xcf xcf)
    (let ((flat (car (gimp-image-flatten image))))
      (gimp-file-save RUN-NONINTERACTIVE image flat png png))
    (gimp-image-delete image)))

(define (semantic-paint-folder photos results concept strength seed steps)
  (let ((paths (cadr (file-glob (string-append photos "/*-strokes.png") 1))))
    (for-each
      (lambda (strokes-path)
        (let* ((length (- (string-length strokes-path) (string-length "-strokes.png")))
               (name (substring strokes-path (+ (string-length photos) 1) length)))
          (semantic-paint-file (string-append photos "/" name ".png") strokes-path
                               (string-append results "/" name) concept strength seed steps)))
      paths)))
